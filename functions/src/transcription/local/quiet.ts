/** Finds the quiet between words, which moves their times to where sound begins and ends. */
import { SAMPLE_RATE } from '../../audio/read/pcm.ts';

/** Half-open, seconds. */
export interface Quiet {
  readonly start: number;
  readonly end: number;
}

const FRAMES_A_SECOND = 100;
const FRAME_SAMPLES = SAMPLE_RATE / FRAMES_A_SECOND;

/** Sound is quiet up to this level: decibels above the noise floor, as a share of the difference between floor and speech. */
const QUIET_SHARE = 0.25;

/** If speech is less than this above the floor, no quiet is searched, decibels. */
const MIN_CONTRAST = 15;

/** Shorter quiet may be a consonant's closure within a word, seconds. */
const MIN_QUIET_SECONDS = 0.05;

/** How far the quiet between two words may be from their aligned border, seconds. */
const REACH_SECONDS = 0.08;

/** The least share of speech that is as quiet as the noise floor: pauses and closures. */
const FLOOR_SHARE = 0.05;

/** Quiet stretches of speech, in order. @param pcm 16 kHz, mono. @param floorShare how much of it is quiet, at least. */
export function quietStretches(pcm: Float32Array, floorShare = FLOOR_SHARE): Quiet[] {
  const levels = Float32Array.from({ length: Math.floor(pcm.length / FRAME_SAMPLES) }, (_, i) =>
    levelOf(pcm.subarray(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES)),
  );
  const sorted = levels.toSorted();
  const floor = sorted[Math.floor(sorted.length * floorShare)] ?? 0;
  const speech = sorted[Math.floor(sorted.length * 0.9)] ?? 0;
  if (speech - floor < MIN_CONTRAST) return [];
  const limit = floor + QUIET_SHARE * (speech - floor);
  const stretches: Quiet[] = [];
  let from = -1;
  for (let i = 0; i <= levels.length; i++) {
    const isQuiet = (levels[i] ?? Infinity) < limit;
    if (isQuiet && from < 0) from = i;
    if (isQuiet || from < 0) continue;
    const stretch = { start: from / FRAMES_A_SECOND, end: i / FRAMES_A_SECOND };
    if (stretch.end - stretch.start >= MIN_QUIET_SECONDS) stretches.push(stretch);
    from = -1;
  }
  return stretches;
}

/** Decibels below full scale; digital silence is -100. */
function levelOf(pcm: Float32Array): number {
  let sum = 0;
  for (const value of pcm) sum += value * value;
  return 10 * Math.log10(sum / pcm.length + 1e-10);
}

/**
 * The quiet at a border between two words: among those within reach, the one with the greatest length less twice its distance. If there
 * is none, the border itself, with length 0.
 */
export function quietAt(border: number, stretches: readonly Quiet[]): Quiet {
  let best: Quiet = { start: border, end: border };
  let bestScore = 0;
  for (const stretch of stretches) {
    const distance = Math.max(0, stretch.start - border, border - stretch.end);
    if (distance > REACH_SECONDS) continue;
    const score = stretch.end - stretch.start - 2 * distance;
    if (score > bestScore) [best, bestScore] = [stretch, score];
  }
  return best;
}
