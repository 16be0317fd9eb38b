/**
 * What Deepgram would bill for the sample recordings, and how many bytes it would get: with our chunks, and in the two common
 * ways.
 */
import { readRecording, speechSeconds } from '../../dev/samples/samples.ts';
import { ListenerPool } from '../src/audio/detect/listenerPool.ts';
import { scanRecordings } from '../src/worker/scan.ts';
import { inTimeOrder } from '../src/worker/scanOrder.ts';
import { encodeChunk } from '../src/worker/chunkAudio.ts';
import { SAMPLES, toFile } from './sound.ts';
import { noCoverage } from '../test/support/noCoverage.ts';

export interface Billing {
  readonly speechSeconds: number;
  readonly wholeFilesSeconds: number;
  /** The duration if regions are merged across gaps below 120 s, silence included. */
  readonly mergedRegionsSeconds: number;
  readonly billedSeconds: number;
  readonly sentBytes: number;
  /** The bytes of the same chunks as 16 kHz WAV, and of the whole files. */
  readonly wavBytes: number;
  readonly wholeWavBytes: number;
  readonly wordsLost: number;
  readonly words: number;
}

const MERGE_MS = 120_000;

export async function billing(): Promise<Billing> {
  const listener = new ListenerPool();
  const total = { billedSeconds: 0, sentBytes: 0, mergedRegionsSeconds: 0, wordsLost: 0 };
  for (const sample of SAMPLES) {
    const bytes = new Map(sample.recordings.map((recording) => [recording.name, readRecording(sample, recording)]));
    const files = inTimeOrder(
      sample.recordings.map(({ name, startedAtMs }) => toFile(name, startedAtMs, sample.deviceId)),
    );
    const heard: { startMs: number; endMs: number }[] = [];
    for await (const event of scanRecordings(files, {
      ...noCoverage,
      listener,
      open: ({ name }) => once(bytes.get(name) ?? new Uint8Array()),
      signal: new AbortController().signal,
      settings: { conversationGapMs: MERGE_MS, maxChunkMs: 600_000, decoder: 'auto', ffmpegPath: '' },
    })) {
      if (event.kind !== 'chunk') continue;
      total.billedSeconds += event.chunk.durationMs / 1000;
      total.sentBytes += (await encodeChunk(event.chunk, event.file.format)).bytes.length;
      for (const { startMs, durationMs } of event.chunk.spans) heard.push({ startMs, endMs: startMs + durationMs });
    }
    total.mergedRegionsSeconds += merged(heard) / 1000;
    total.wordsLost += sample.words.filter(
      (word) => !heard.some(({ startMs, endMs }) => startMs < word.endMs && endMs > word.startMs),
    ).length;
  }
  await listener.close();
  const whole = SAMPLES.flatMap(({ recordings }) => recordings).reduce(
    (sum, { durationMs }) => sum + durationMs / 1000,
    0,
  );
  return {
    speechSeconds: SAMPLES.reduce((sum, { words }) => sum + speechSeconds(words), 0),
    wholeFilesSeconds: whole,
    ...total,
    wavBytes: Math.round(total.billedSeconds * 32_000),
    wholeWavBytes: Math.round(whole * 32_000),
    words: SAMPLES.reduce((sum, { words }) => sum + words.length, 0),
  };
}

function merged(heard: readonly { startMs: number; endMs: number }[]): number {
  let total = 0;
  let until = -Infinity;
  for (const { startMs, endMs } of heard.toSorted((a, b) => a.startMs - b.startMs)) {
    total += endMs - (startMs - until < MERGE_MS ? until : startMs);
    until = endMs;
  }
  return total;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
