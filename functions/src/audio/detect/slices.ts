/** Chooses the windows of a passage that are judged, and divides them into slices. The model starts from a fresh state in each slice. */
import type { SourceFrame } from '../read/pcm.ts';
import { DOUBTFUL_WINDOWS, standsOut } from './level.ts';
import type { Passage } from './passages.ts';
import { WARMUP_WINDOWS } from './passages.ts';
import { WINDOW_SAMPLES } from './vad.ts';
import { mayHoldVoice } from './voiceBits.ts';

/** Consecutive windows of a passage, counted from the first window of its warm-up. `end` is exclusive. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** The windows from `start` on are judged. Those from `from` to `start` warm the model up. */
export interface Slice extends Stretch {
  readonly from: number;
}

/**
 * Windows after which the model gets a fresh state: 5 s, so twelve slices in a passage. Silero's state lasts for minutes, and it makes
 * the model miss speech: after other sound, and more and more over time. `npm run bench:hearing` shows what was measured on
 * real speech.
 */
export const MEMORY_WINDOWS = 157;

/** Windows on each side of a packet in which the encoder detected voice: one second. */
const VOICE_MARGIN_WINDOWS = 32;

/**
 * The stretches of a passage that may contain speech, in order. That is all of it, unless its packets show that they contain no
 * voice ({@link mayHoldVoice}). Even then, windows that stand out of the background are included, because the encoder detects
 * less at a low level. Measured at 12 to 32 kbit/s, this share of speech was more than a second away from a packet with voice:
 * at -20 to -50 dBFS none for near, far and telephone speech, and 0.02 % in meetings; but 14 % at -66 dBFS for far speech, and
 * 40 % at -70 dBFS for near speech. The last second is always included: the packets behind it are not known here.
 * @param levels the RMS of each window of the passage, the windows of its warm-up first
 */
export function stretchesToJudge(
  { codec, lead, frames, skipSamples, warmupWindows }: Passage,
  levels: Float32Array,
): Stretch[] {
  const marks = new Uint8Array(levels.length);
  const mark = (start: number, end: number): void => {
    marks.fill(1, Math.max(0, start - VOICE_MARGIN_WINDOWS), end + VOICE_MARGIN_WINDOWS);
  };
  let at = -skipSamples;
  for (const frame of joined(lead, frames)) {
    const first = Math.floor(at / WINDOW_SAMPLES);
    at += frame.samples;
    if (codec === 's16' || mayHoldVoice(frame)) mark(first, Math.ceil(at / WINDOW_SAMPLES));
  }
  mark(levels.length - 1, levels.length);
  for (let start = 0; start < levels.length; start += MEMORY_WINDOWS) {
    const missed = standsOut(levels.subarray(start, start + MEMORY_WINDOWS)).map((stands, i) =>
      marks[start + i] ? 0 : stands,
    );
    const windows = missed.reduce((sum, stands) => sum + stands, 0);
    if (windows >= DOUBTFUL_WINDOWS) mark(start + missed.indexOf(1), start + missed.lastIndexOf(1) + 1);
  }
  return stretchesOf(marks).filter(({ end }) => end > warmupWindows);
}

function* joined(lead: readonly SourceFrame[], frames: readonly SourceFrame[]): Generator<SourceFrame> {
  yield* lead;
  yield* frames;
}

function stretchesOf(marks: Uint8Array): Stretch[] {
  const stretches: Stretch[] = [];
  for (let start = marks.indexOf(1); start >= 0;) {
    const next = marks.indexOf(0, start);
    const end = next < 0 ? marks.length : next;
    stretches.push({ start, end });
    start = marks.indexOf(1, end);
  }
  return stretches;
}

/**
 * Divides a stretch into slices of {@link MEMORY_WINDOWS}. The first slice warms up on what is left of the passage's warm-up;
 * if the stretch starts behind that, on the margin before the voice.
 */
export function sliceStretch({ start, end }: Stretch, warmupWindows: number): Slice[] {
  const slices: Slice[] = [];
  for (let at = Math.max(start, warmupWindows); at < end; at += MEMORY_WINDOWS) {
    slices.push({ from: Math.max(start, at - WARMUP_WINDOWS), start: at, end: Math.min(at + MEMORY_WINDOWS, end) });
  }
  return slices;
}
