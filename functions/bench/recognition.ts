/** How well speech is recognised: errors in words, and in the times of words. Goes the way of a job, without its documents. */
import { ListenerPool } from '../src/audio/detect/listenerPool.ts';
import { createLocalTranscriber } from '../src/transcription/local/localTranscriber.ts';
import type { PieceRecogniser } from '../src/transcription/local/recogniserPool.ts';
import type { LocalModelSize } from '../src/config.ts';
import type { Transcriber } from '../src/transcription/transcriber.ts';
import { speechAudio } from '../src/worker/chunkAudio.ts';
import { scanRecordings } from '../src/worker/scan.ts';
import { inTimeOrder } from '../src/worker/scanOrder.ts';
import { placeWords } from '../src/worker/transcribe.ts';
import type { JobFile } from '../src/jobs/job.ts';

export interface Word {
  readonly text: string;
  /** Unix milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface Heard {
  readonly words: readonly Word[];
  /** What was given to the transcriber, seconds. */
  readonly speechSeconds: number;
}

const QUIET = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  // A bench prints figures, not log lines.
}

export function localTranscriber(size: LocalModelSize, pieces: PieceRecogniser): Transcriber {
  return createLocalTranscriber({ size, pieces: () => Promise.resolve(pieces), logger: QUIET });
}

/** Recordings of one device to words, in order of time. @param open the bytes of a recording. */
export async function hear(
  files: readonly JobFile[],
  open: (file: JobFile) => AsyncIterable<Uint8Array>,
  listener: ListenerPool,
  transcriber: Transcriber,
): Promise<Heard> {
  const { signal } = new AbortController();
  const words: Word[] = [];
  let speechSeconds = 0;
  const options = { listener, open, signal, conversationGapMs: 120_000, maxChunkMs: 600_000, ffmpegPath: '' };
  for await (const event of scanRecordings(inTimeOrder(files), options)) {
    if (event.kind === 'failed') throw event.error;
    if (event.kind !== 'chunk') continue;
    const { chunk, file } = event;
    const audio = speechAudio(chunk, file.format, chunk.spans);
    const request = { audio, durationMs: chunk.durationMs, language: 'multi', preferredLanguage: null, keyterms: [] };
    const result = await transcriber.transcribe(request, signal);
    words.push(...placeWords(result.words, chunk.spans));
    speechSeconds += chunk.durationMs / 1000;
  }
  return { words: words.sort((a, b) => a.startMs - b.startMs), speechSeconds };
}

/** Words as they are compared: lower case, without punctuation; a hyphen divides. */
export function comparable(text: string): string[] {
  return text
    .toLowerCase()
    .replaceAll('\u2019', "'")
    .replace(/[^\p{L}\p{N}']+/gu, ' ')
    .split(' ')
    .map((word) => word.replace(/^'+|'+$/g, ''))
    .filter((word) => word !== '');
}

/** Pairs of the shortest way from one list to the other; null where a word has no counterpart. */
export function alignWords<A extends { readonly text: string }, B extends { readonly text: string }>(
  expected: readonly A[],
  heard: readonly B[],
): { readonly expected: A | null; readonly heard: B | null }[] {
  const same = (a: A, b: B): boolean => comparable(a.text).join('') === comparable(b.text).join('');
  const width = heard.length + 1;
  const costs = new Uint32Array((expected.length + 1) * width);
  for (let i = 0; i <= expected.length; i++) {
    for (let j = 0; j <= heard.length; j++) {
      const [a, b] = [expected[i - 1], heard[j - 1]];
      costs[i * width + j] = Math.min(
        i > 0 ? (costs[(i - 1) * width + j] ?? 0) + 1 : i + j,
        j > 0 ? (costs[i * width + j - 1] ?? 0) + 1 : i + j,
        a && b ? (costs[(i - 1) * width + j - 1] ?? 0) + (same(a, b) ? 0 : 1) : i + j,
      );
    }
  }
  const pairs: { expected: A | null; heard: B | null }[] = [];
  for (let i = expected.length, j = heard.length; i > 0 || j > 0;) {
    const [a = null, b = null] = [expected[i - 1], heard[j - 1]];
    const cost = costs[i * width + j];
    if (a && b && cost === (costs[(i - 1) * width + j - 1] ?? 0) + (same(a, b) ? 0 : 1)) {
      pairs.push({ expected: a, heard: b });
      [i, j] = [i - 1, j - 1];
    } else if (a && cost === (costs[(i - 1) * width + j] ?? 0) + 1) {
      pairs.push({ expected: a, heard: null });
      i--;
    } else {
      pairs.push({ expected: null, heard: b });
      j--;
    }
  }
  return pairs.reverse();
}

export interface WordErrors {
  readonly words: number;
  /** Words that are missing, wrong, or were never said. */
  readonly errors: number;
}

/** @param expected text that was said. */
export function wordErrors(expected: string, heard: string): WordErrors {
  const asWords = (text: string) => comparable(text).map((word) => ({ text: word }));
  const words = asWords(expected);
  const pairs = alignWords(words, asWords(heard));
  return { words: words.length, errors: pairs.filter((pair) => pair.expected?.text !== pair.heard?.text).length };
}

export interface TimeErrors {
  /** Words that were recognised, and so have a time to compare. */
  readonly words: number;
  /** Milliseconds: the middle one, and what 95 % stay below. */
  readonly startMedianMs: number;
  readonly start95Ms: number;
  readonly endMedianMs: number;
  readonly end95Ms: number;
}

export function timeErrors(expected: readonly Word[], heard: readonly Word[]): TimeErrors {
  const pairs = alignWords(expected, heard).flatMap(({ expected: said, heard: got }) =>
    said && got && comparable(said.text).join('') === comparable(got.text).join('') ? [{ said, got }] : [],
  );
  const starts = pairs.map(({ said, got }) => Math.abs(said.startMs - got.startMs));
  const ends = pairs.map(({ said, got }) => Math.abs(said.endMs - got.endMs));
  return {
    words: pairs.length,
    startMedianMs: percentile(starts, 0.5),
    start95Ms: percentile(starts, 0.95),
    endMedianMs: percentile(ends, 0.5),
    end95Ms: percentile(ends, 0.95),
  };
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
