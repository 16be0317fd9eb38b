/** Compares the engine, and plain Silero at its best level, with labels of where people speak. */
import { listenWith } from '../../src/audio/detect/listener.ts';
import { PassageCutter } from '../../src/audio/detect/passages.ts';
import { RegionDetector } from '../../src/audio/detect/regions.ts';
import { WINDOW_SAMPLES } from '../../src/audio/detect/vad.ts';
import type { Vad } from '../../src/audio/detect/vad.ts';
import { floatToS16le } from '../../src/audio/read/s16.ts';
import { RATE } from '../sound.ts';
import { atLevel } from './conditions.ts';
import type { Stretch, Track } from './corpus.ts';

export interface Recall {
  readonly condition: string;
  readonly minutes: number;
  readonly speechSeconds: number;
  /** The share of the speech that is in regions; null if there is no speech. */
  readonly recall: number | null;
  readonly plainRecall: number | null;
  readonly sentSeconds: number;
  readonly plainSentSeconds: number;
}

/** The options of Silero's get_speech_timestamps. */
const SILERO = {
  threshold: 0.5,
  releaseThreshold: 0.35,
  minSilenceMs: 100,
  minSpeechMs: 250,
  startPadMs: 0,
  endPadMs: 0,
};

/** The level at which Silero detects most, dBFS. */
const BEST_LEVEL = -20;

export class Judges {
  readonly #vad: Vad;

  constructor(vad: Vad) {
    this.#vad = vad;
  }

  /**
   * Adds labels to tracks without any: what Silero detects in them, unchanged, at its best level.
   */
  async withLabels(tracks: readonly Track[]): Promise<Track[]> {
    const result: Track[] = [];
    for (const track of tracks) {
      result.push({ ...track, labels: track.labels ?? (await this.#plain(track.pcm, SILERO)) });
    }
    return result;
  }

  /**
   * Measures recall. The engine gets the tracks as one recording, one after the other. Plain Silero gets each separately, at
   * its best level, with its own thresholds and the engine's padding.
   */
  async recall(condition: string, tracks: readonly Track[]): Promise<Recall> {
    const truth: Stretch[] = [];
    const plain: Stretch[] = [];
    let at = 0;
    for (const { pcm, labels } of tracks) {
      const { threshold, releaseThreshold } = SILERO;
      truth.push(...moved(labels ?? [], at, pcm.length));
      plain.push(...moved(await this.#plain(pcm, { threshold, releaseThreshold }), at, pcm.length));
      at += pcm.length;
    }
    const ours = await this.#engine(tracks.map(({ pcm }) => pcm));
    const speech = total(truth);
    const share = (regions: readonly Stretch[]): number | null =>
      speech === 0 ? null : round(overlap(truth, regions) / speech, 4);
    return {
      condition,
      minutes: round(at / RATE / 60, 1),
      speechSeconds: round(speech / RATE, 1),
      recall: share(ours),
      plainRecall: share(plain),
      sentSeconds: round(total(ours) / RATE, 1),
      plainSentSeconds: round(total(plain) / RATE, 1),
    };
  }

  /** Silero as it is published: one unbroken stream. */
  async #plain(pcm: Float32Array, options: ConstructorParameters<typeof RegionDetector>[0]): Promise<Stretch[]> {
    const [probabilities = new Float32Array(0)] = await this.#vad.probabilities([
      { pcm: atLevel(pcm, BEST_LEVEL), warmupSamples: 0 },
    ]);
    const detector = new RegionDetector(options);
    return [...detector.push(probabilities), ...detector.end(pcm.length)];
  }

  /** The engine: frames, passages, listener, regions. */
  async #engine(parts: readonly Float32Array[]): Promise<Stretch[]> {
    const cutter = new PassageCutter('s16');
    const listener = listenWith(this.#vad);
    const detector = new RegionDetector();
    const regions: Stretch[] = [];
    let samples = 0;
    const hear = async (passages: ReturnType<PassageCutter['push']>): Promise<void> => {
      for (const passage of passages) regions.push(...detector.push((await listener.listen(passage)).probabilities));
    };
    for (const pcm of parts) {
      samples += pcm.length;
      await hear(cutter.push(toFrames(floatToS16le(pcm))));
    }
    await hear(cutter.end());
    return [...regions, ...detector.end(samples)];
  }
}

function toFrames(bytes: Uint8Array): { payload: Uint8Array; samples: number }[] {
  return Array.from({ length: Math.ceil(bytes.length / WINDOW_SAMPLES) }, (_, i) => {
    const payload = bytes.subarray(i * WINDOW_SAMPLES, (i + 1) * WINDOW_SAMPLES);
    return { payload, samples: payload.length / 2 };
  });
}

/** Moves stretches to their place in the whole, and cuts them at `length`. */
function moved(stretches: readonly Stretch[], by: number, length: number): Stretch[] {
  return stretches.map(({ start, end }) => ({ start: start + by, end: Math.min(end, length) + by }));
}

function total(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** How many samples are in both lists. Each list is in order and without overlap. */
function overlap(a: readonly Stretch[], b: readonly Stretch[]): number {
  let sum = 0;
  let from = 0;
  for (const one of a) {
    while ((b[from]?.end ?? Infinity) <= one.start) from++;
    for (let i = from; (b[i]?.start ?? Infinity) < one.end; i++) {
      const other = b[i] ?? one;
      sum += Math.min(one.end, other.end) - Math.max(one.start, other.start);
    }
  }
  return sum;
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
