/**
 * Measures how loud audio is, so that the model detects a distant voice as well as a near one: its output depends on the level.
 */
import { WINDOW_SAMPLES } from './vad.ts';

/** The level to which speech is amplified, RMS: -20 dBFS, about the level on which Silero was trained. */
const SPEECH_RMS = 0.1;

/**
 * The largest gain: 30 dB. It raises speech at -50 dBFS to {@link SPEECH_RMS}; quieter speech loses its quiet sounds in 16
 * bits.
 */
const MAX_GAIN = 10 ** (30 / 20);

/**
 * The level of speech is that of the loudest windows after one in twenty has been left out, so that it is found if one window
 * in twenty has speech, and a click does not decide it.
 */
const SPEECH_PERCENTILE = 0.95;

/** The RMS of each window, 0 to 1. A partial last window is measured as if zeros followed. */
export function windowLevels(pcm: Float32Array): Float32Array {
  return Float32Array.from({ length: Math.ceil(pcm.length / WINDOW_SAMPLES) }, (_, window) => {
    const end = Math.min((window + 1) * WINDOW_SAMPLES, pcm.length);
    let squares = 0;
    for (let i = window * WINDOW_SAMPLES; i < end; i++) squares += (pcm[i] ?? 0) ** 2;
    return Math.sqrt(squares / WINDOW_SAMPLES);
  });
}

/** The gain for a slice with windows of these levels, 1 to {@link MAX_GAIN}. No slice is made quieter. */
export function gainFor(levels: Float32Array): number {
  const speech = percentile(levels, SPEECH_PERCENTILE);
  return speech === 0 ? 1 : Math.max(1, Math.min(MAX_GAIN, SPEECH_RMS / speech));
}

/** A window stands out if it is 10 dB above the background. Steady noise varies by a few dB. */
const STANDS_OUT = 10 ** (10 / 20);

/** The background is the level that one window in ten is below: even quick speech pauses that often. */
const BACKGROUND_PERCENTILE = 0.1;

/** The lowest background, RMS: the rounding noise of 16 bits. Anything below it is digital silence. */
const LEAST_BACKGROUND = 1 / 0x8000 / Math.sqrt(12);

/** 1 for each window that stands out of the background of all these windows; 0 for the others. */
export function standsOut(levels: Float32Array): Uint8Array {
  const background = percentile(levels, BACKGROUND_PERCENTILE);
  const least = STANDS_OUT * Math.max(background, LEAST_BACKGROUND);
  return Uint8Array.from(levels, (level) => (level > least ? 1 : 0));
}

/** So many windows that stand out within a few seconds may be speech: 0.2 s, a short word. Fewer are clicks and knocks. */
export const DOUBTFUL_WINDOWS = 6;

/**
 * The gain that brings a slice that is loud throughout down to the level of speech; null if it is not loud, or if anything
 * stands out. Speech in such a slice is no louder than the noise, and the model misses speech above the level on which it was
 * trained.
 */
export function gainInNoise(levels: Float32Array): number | null {
  const loudest = percentile(levels, SPEECH_PERCENTILE);
  const isLoudThroughout = loudest > SPEECH_RMS && STANDS_OUT * percentile(levels, BACKGROUND_PERCENTILE) > loudest;
  return isLoudThroughout ? SPEECH_RMS / loudest : null;
}

function percentile(levels: Float32Array, share: number): number {
  return levels.toSorted()[Math.floor(share * levels.length)] ?? 0;
}
