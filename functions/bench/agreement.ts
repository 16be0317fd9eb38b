/**
 * Measures how well the engine detects the speech of the samples: compared with the plain one-stream loop at its best level,
 * and with the words that were said.
 */
import { listenWith } from '../src/audio/detect/listener.ts';
import { PassageCutter } from '../src/audio/detect/passages.ts';
import { RegionDetector } from '../src/audio/detect/regions.ts';
import type { Region } from '../src/audio/detect/regions.ts';
import { floatToS16le } from '../src/audio/read/s16.ts';
import { loadSileroVad, WINDOW_SAMPLES } from '../src/audio/detect/vad.ts';
import type { Vad } from '../src/audio/detect/vad.ts';
import { atLevel } from './hearing/conditions.ts';
import { plainLoop } from './peers.ts';
import { RATE, samplePcm, SAMPLES } from './sound.ts';

interface Word {
  readonly start: number;
  readonly end: number;
}

/** The samples end to end as one unbroken stream of ten minutes, and where its words are, in samples. */
async function speech(): Promise<{ pcm: Float32Array; words: Word[] }> {
  const parts: Float32Array[] = [];
  const words: Word[] = [];
  let at = 0;
  for (const sample of SAMPLES) {
    for (const recording of sample.recordings) {
      const pcm = await samplePcm(sample, recording);
      for (const { startMs, endMs } of sample.words) {
        const [start, end] = [startMs, endMs].map((ms) => ((ms - recording.startedAtMs) * RATE) / 1000);
        if (start === undefined || end === undefined || start < 0 || end > pcm.length) continue;
        words.push({ start: at + start, end: at + end });
      }
      parts.push(pcm);
      at += pcm.length;
    }
  }
  const pcm = new Float32Array(at);
  parts.reduce((to, part) => (pcm.set(part, to), to + part.length), 0);
  return { pcm, words };
}

type Change = (pcm: Float32Array) => Float32Array;

/**
 * Tones stand out of the background and are no voice. The engine sends them if it is not sure, so it is meant to differ there.
 */
const TONES = 'music-like tones, 15 dB below speech';

/** The conditions are generated, with the same noise in every run. */
const CONDITIONS: Readonly<Record<string, Change>> = {
  'as recorded': (pcm) => pcm,
  'white noise, 20 dB below speech': (pcm) => withNoise(pcm, 0.009),
  'white noise, 10 dB below speech': (pcm) => withNoise(pcm, 0.028),
  [TONES]: (pcm) => pcm.map((sample, i) => sample + melody(i / RATE)),
  'clipped, 23 dB too loud': (pcm) => pcm.map((sample) => Math.max(-1, Math.min(1, 14 * sample))),
  'very low level, 34 dB too quiet': (pcm) => pcm.map((sample) => sample / 50),
};

function withNoise(pcm: Float32Array, level: number): Float32Array {
  let seed = 1;
  const random = (): number => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  return pcm.map(
    (sample) => sample + level * Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random()),
  );
}

/** Two plucked notes a second, with overtones. */
function melody(t: number): number {
  const hertz = [262, 330, 392, 523, 440, 349][Math.floor(2 * t) % 6] ?? 0;
  const turn = 2 * Math.PI * hertz * t;
  return 0.03 * Math.exp(-3 * ((2 * t) % 1)) * (Math.sin(turn) + Math.sin(2 * turn) / 2 + Math.sin(3 * turn) / 4);
}

export interface DetectionResult {
  readonly condition: string;
  /** Whether something other than speech and noise stands out of the background. */
  readonly hasTones: boolean;
  /** The share of windows for which both agree whether they are in a region. */
  readonly agreement: number;
  readonly words: number;
  /** Words of which less than half is in a region. Clipped words are those of which less than all is. */
  readonly lost: number;
  readonly clipped: number;
  readonly plainLost: number;
  readonly plainClipped: number;
  /** The audio in regions, seconds. */
  readonly sentSeconds: number;
  readonly plainSentSeconds: number;
}

/** The way of the engine: frames, passages, listener. */
async function engineWay(pcm: Float32Array, vad: Vad): Promise<Float32Array> {
  const bytes = floatToS16le(pcm);
  const frames = Array.from({ length: Math.ceil(bytes.length / 320) }, (_, i) => {
    const payload = bytes.subarray(320 * i, 320 * (i + 1));
    return { payload, samples: payload.length / 2 };
  });
  const cutter = new PassageCutter('s16');
  const listener = listenWith(vad);
  const probabilities: number[] = [];
  for (const passage of [...cutter.push(frames), ...cutter.end()]) {
    probabilities.push(...(await listener.listen(passage)).probabilities);
  }
  return Float32Array.from(probabilities);
}

function regionsOf(probabilities: Float32Array, samples: number): Region[] {
  const detector = new RegionDetector();
  return [...detector.push(probabilities), ...detector.end(samples)];
}

function compare(
  condition: string,
  ours: readonly Region[],
  plain: readonly Region[],
  words: readonly Word[],
  windows: number,
): DetectionResult {
  const [a, b] = [inRegions(ours, windows), inRegions(plain, windows)];
  const missing = (regions: readonly Region[]) => {
    const shares = words.map((word) => detectedShare(word, regions));
    return { lost: shares.filter((s) => s < 0.5).length, clipped: shares.filter((s) => s >= 0.5 && s < 0.9999).length };
  };
  const plainMissing = missing(plain);
  return {
    condition,
    hasTones: condition === TONES,
    agreement: a.reduce((same, value, i) => same + (value === b[i] ? 1 : 0), 0) / windows,
    words: words.length,
    ...missing(ours),
    plainLost: plainMissing.lost,
    plainClipped: plainMissing.clipped,
    sentSeconds: secondsOf(ours),
    plainSentSeconds: secondsOf(plain),
  };
}

function secondsOf(regions: readonly Region[]): number {
  return regions.reduce((sum, { start, end }) => sum + end - start, 0) / RATE;
}

function inRegions(regions: readonly Region[], windows: number): Uint8Array {
  const marks = new Uint8Array(windows);
  for (const { start, end } of regions) {
    marks.fill(1, Math.floor(start / WINDOW_SAMPLES), Math.ceil(end / WINDOW_SAMPLES));
  }
  return marks;
}

function detectedShare({ start, end }: Word, regions: readonly Region[]): number {
  const detected = regions.reduce((sum, r) => sum + Math.max(0, Math.min(r.end, end) - Math.max(r.start, start)), 0);
  return detected / (end - start);
}

export async function agreement(): Promise<DetectionResult[]> {
  const { pcm, words } = await speech();
  const vad = await loadSileroVad();
  const results: DetectionResult[] = [];
  for (const [condition, change] of Object.entries(CONDITIONS)) {
    const changed = change(pcm);
    const [plain = new Float32Array(0)] = await plainLoop(atLevel(changed, -20));
    const ours = await engineWay(changed, vad);
    results.push(compare(condition, regionsOf(ours, pcm.length), regionsOf(plain, pcm.length), words, plain.length));
  }
  return results;
}
