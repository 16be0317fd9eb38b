/** Turns recordings into words as a job does, but without its documents. */
import { ListenerPool } from '../src/audio/detect/listenerPool.ts';
import { createLocalTranscriber } from '../src/transcription/local/localTranscriber.ts';
import type { BatchRecogniser } from '../src/transcription/local/recogniserPool.ts';
import type { LocalModelSize } from '../src/config.ts';
import type { Transcriber } from '../src/transcription/transcriber.ts';
import { speechAudio } from '../src/worker/chunkAudio.ts';
import { scanRecordings } from '../src/worker/scan.ts';
import { inTimeOrder } from '../src/worker/scanOrder.ts';
import { placeWords } from '../src/worker/transcribe.ts';
import type { Word } from '../../dev/demo/compare.ts';
import type { JobFile } from '../src/jobs/job.ts';
import { noCoverage } from '../test/support/noCoverage.ts';

export interface Detection {
  readonly words: readonly Word[];
  /** The audio that the transcriber got, seconds. */
  readonly speechSeconds: number;
}

const QUIET = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  // A bench prints figures, not log lines.
}

export function localTranscriber(size: LocalModelSize, recogniser: BatchRecogniser): Transcriber {
  return createLocalTranscriber({ size, recogniser: () => Promise.resolve(recogniser), logger: QUIET });
}

/**
 * The words of the recordings of one device, in order of time.
 * @param open gives the bytes of a recording
 */
export async function recogniseRecordings(
  files: readonly JobFile[],
  open: (file: JobFile) => AsyncIterable<Uint8Array>,
  listener: ListenerPool,
  transcriber: Transcriber,
): Promise<Detection> {
  const { signal } = new AbortController();
  const words: Word[] = [];
  let speechSeconds = 0;
  const options = {
    ...noCoverage,
    listener,
    open,
    signal,
    settings: { conversationGapMs: 120_000, maxChunkMs: 600_000, decoder: 'auto' as const, ffmpegPath: '' },
  };
  for await (const event of scanRecordings(inTimeOrder(files), options)) {
    if (event.kind === 'failed') throw event.error;
    if (event.kind !== 'chunk') continue;
    const { chunk, file } = event;
    const audio = await speechAudio(chunk, file.format, chunk.spans);
    const request = { audio, durationMs: chunk.durationMs, language: 'multi', preferredLanguage: null, keyterms: [] };
    const result = await transcriber.transcribe(request, signal);
    words.push(...placeWords(result.words, chunk.spans));
    speechSeconds += chunk.durationMs / 1000;
  }
  return { words: words.sort((a, b) => a.startMs - b.startMs), speechSeconds };
}
