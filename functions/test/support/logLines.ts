/**
 * Collects the lines that the deployed logger writes while `work` runs, so that they are not printed between the names of tests. They
 * are read from the streams, because the SDK of functions keeps the console's methods as they were when it was loaded.
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
