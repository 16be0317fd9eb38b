/**
 * Decides whether two recordings of one moment are of the same sound, by comparing their loudness over time. Encoders, cuts and gain
 * change it little; two people who say the same word at the same time differ in it. Pure.
 */
import { SAMPLES_PER_MS } from '../audio/read/pcm.ts';
import type { PlacedRecording } from './place.ts';

/** A stretch of frames whose levels are known. */
export interface LevelledStretch {
  readonly recordingId: string;
  readonly recordingStartMs: number;
  readonly startMs: number;
  readonly frameSamples: number;
  /** One byte for each frame, see {@link levelByte}. */
  readonly levels?: Buffer;
}

/** Interval at which levels are compared, milliseconds. */
const STEP_MS = 10;
/** How far around a moment levels are compared, milliseconds. */
const AROUND_MS = 1500;
/** How far two encodings of one sound may be apart in time, milliseconds: encoders add a delay, and names are rounded. */
const MAX_LAG_MS = 120;
/** Less common sound than this decides nothing, milliseconds. */
const LEAST_COMMON_MS = 200;
/** Sound that is this much quieter than the loudest around is background, which encoders change, decibels. */
const RANGE_DB = 25;
/**
 * Mean difference in level up to which two sounds are one, decibels. Measured around each word of the samples: at most 4.2 between a
 * recording and itself in Opus, MP3 and AAC, cut elsewhere; 4.7 and more, mostly 8 to 13, between different speech, also where one
 * voice says one word twice, and with noise 16 dB below.
 */
const SAME_DB = 4.5;

/** The level of a frame in half decibels above -100 dBFS. @param rms 0 to 1 */
export function levelByte(rms: number): number {
  return Math.round(2 * Math.max(0, Math.min(100, 100 + 20 * Math.log10(Math.max(rms, 1e-5)))));
}

export class Sounds {
  readonly #byRecording = new Map<string, LevelledStretch[]>();

  constructor(stretches: Iterable<LevelledStretch>) {
    for (const stretch of stretches) {
      const group = this.#byRecording.get(stretch.recordingId);
      if (group === undefined) this.#byRecording.set(stretch.recordingId, [stretch]);
      else group.push(stretch);
    }
  }

  /** @param atMs Unix milliseconds, of both. @returns null where too little is known of one of them */
  areOne(a: PlacedRecording, b: PlacedRecording, atMs: number): boolean | null {
    const [first, second] = [a, b].map((place) => this.#levelsOf(place, atMs));
    if (first === undefined || second === undefined) return null;
    for (let lag = -MAX_LAG_MS / STEP_MS; lag <= MAX_LAG_MS / STEP_MS; lag++) {
      const difference = differenceOf(first, second, lag);
      if (difference !== null && difference <= SAME_DB) return true;
    }
    // If the recordings only touch, another lag compares a part that one of them lacks: a difference there decides nothing.
    return differenceOf(first, second, 0) === null ? null : false;
  }

  /** Decibels around a moment, every {@link STEP_MS}; NaN if unknown. */
  #levelsOf({ recordingId, startedAtMs }: PlacedRecording, atMs: number): Float32Array {
    const levels = new Float32Array((2 * AROUND_MS) / STEP_MS).fill(NaN);
    const fromMs = atMs - startedAtMs - AROUND_MS;
    for (const stretch of this.#byRecording.get(recordingId) ?? []) {
      const { startMs, recordingStartMs, frameSamples, levels: bytes } = stretch;
      const frameMs = frameSamples / SAMPLES_PER_MS;
      // Times count from the start of the recording: its date may have been corrected since.
      const firstMs = startMs - recordingStartMs;
      const lastMs = firstMs + (bytes?.length ?? 0) * frameMs;
      if (lastMs < fromMs || firstMs > fromMs + 2 * AROUND_MS) continue;
      for (let i = 0; bytes !== undefined && i < levels.length; i++) {
        const byte = bytes[Math.floor((fromMs + i * STEP_MS - firstMs) / frameMs)];
        if (byte !== undefined) levels[i] = byte / 2;
      }
    }
    return levels;
  }
}

/** Mean difference of the louder moments of both, after removing their difference in gain; null if they have too little in common. */
function differenceOf(a: Float32Array, b: Float32Array, lag: number): number | null {
  const common: { readonly x: number; readonly y: number }[] = [];
  for (let i = 0; i < b.length; i++) {
    const x = a[i + lag] ?? NaN;
    const y = b[i] ?? NaN;
    if (!Number.isNaN(x) && !Number.isNaN(y)) common.push({ x, y });
  }
  const [floorX, floorY] = [floorOf(common.map(({ x }) => x)), floorOf(common.map(({ y }) => y))];
  const differences = common
    .filter(({ x, y }) => x > floorX || y > floorY)
    .map(({ x, y }) => Math.max(x, floorX) - Math.max(y, floorY));
  if (differences.length * STEP_MS < LEAST_COMMON_MS) return null;
  const gain = differences.toSorted((x, y) => x - y)[differences.length >> 1] ?? 0;
  return differences.reduce((sum, difference) => sum + Math.abs(difference - gain), 0) / differences.length;
}

function floorOf(levels: readonly number[]): number {
  return levels.reduce((loudest, level) => Math.max(loudest, level), 0) - RANGE_DB;
}
