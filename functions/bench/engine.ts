/** The engine as the task runs it, from recordings to planned chunks. Storage and Deepgram are left out. */
import type { Listener } from '../src/audio/detect/listener.ts';
import type { JobFile } from '../src/jobs/job.ts';
import { noCoverage } from '../test/support/noCoverage.ts';
import { scanRecordings } from '../src/worker/scan.ts';

export interface Scanned {
  readonly chunks: number;
  /** The audio of the chunks, which Deepgram would bill, seconds. */
  readonly speechSeconds: number;
}

export async function scan(
  files: readonly JobFile[],
  open: (file: JobFile) => AsyncIterable<Uint8Array>,
  listener: Listener,
): Promise<Scanned> {
  let chunks = 0;
  let speechSeconds = 0;
  const signal = new AbortController().signal;
  for await (const event of scanRecordings(files, {
    ...noCoverage,
    listener,
    open,
    signal,
    settings: { conversationGapMs: 120_000, maxChunkMs: 600_000, decoder: 'auto', ffmpegPath: '' },
  })) {
    if (event.kind === 'failed') throw event.error;
    if (event.kind !== 'chunk') continue;
    chunks++;
    speechSeconds += event.chunk.durationMs / 1000;
  }
  return { chunks, speechSeconds };
}
