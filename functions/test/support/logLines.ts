/**
 * The lines that the deployed logger writes while `work` runs, instead of having them among the names of tests. They are taken from the
 * streams: the SDK of functions keeps the console's methods as it finds them when it loads.
 */
export async function logLines(work: () => unknown): Promise<Readonly<Record<string, unknown>>[]> {
  const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write.bind(stream) }));
  let text = '';
  const keep = (chunk: string | Uint8Array): boolean => {
    text += String(chunk);
    return true;
  };
  for (const { stream } of streams) stream.write = keep;
  try {
    await work();
  } finally {
    for (const { stream, write } of streams) stream.write = write;
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
