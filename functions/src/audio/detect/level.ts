/** How loud audio is, so that the model hears a distant voice as it hears one nearby: its output depends on level. */
import { WINDOW_SAMPLES } from './vad.ts';

/** Level that speech is raised to, RMS: -20 dBFS, about that of what Silero was trained on. */
const SPEECH_RMS = 0.1;

/** 30 dB: speech at -50 dBFS, the lowest that 16 bits hold with room for its quiet sounds, comes up to {@link SPEECH_RMS}. */
const MAX_GAIN = 10 ** (30 / 20);

/** Share of windows that are quieter than the level that counts as speech's: one in twenty speaks, and no click decides. */
const SPEECH_PERCENTILE = 0.95;

/** The RMS of each window; a partial last one counts as if zeros followed. */
export function windowLevels(pcm: Float32Array): Float32Array {
  return Float32Array.from({ length: Math.ceil(pcm.length / WINDOW_SAMPLES) }, (_, window) => {
    const end = Math.min((window + 1) * WINDOW_SAMPLES, pcm.length);
    let squares = 0;
    for (let i = window * WINDOW_SAMPLES; i < end; i++) squares += (pcm[i] ?? 0) ** 2;
    return Math.sqrt(squares / WINDOW_SAMPLES);
  });
}

/** What a slice with windows of these levels is multiplied by, 1 to {@link MAX_GAIN}: nothing is turned down. */
export function gainFor(levels: Float32Array): number {
  const speech = percentile(levels, SPEECH_PERCENTILE);
  return speech === 0 ? 1 : Math.max(1, Math.min(MAX_GAIN, SPEECH_RMS / speech));
}

/** What stands out of the background: 10 dB above it. Steady noise varies by a few. */
const STANDS_OUT = 10 ** (10 / 20);

/** Share of windows that are quieter than the background, at most: pauses are that often, even in quick speech. */
const BACKGROUND_PERCENTILE = 0.1;

/** The least background, RMS: the rounding of 16 bits. Below lies digital silence. */
const LEAST_BACKGROUND = 1 / 0x8000 / Math.sqrt(12);

/** 1 for each of these windows that stands out of the background of them all. */
export function standsOut(levels: Float32Array): Uint8Array {
  const background = percentile(levels, BACKGROUND_PERCENTILE);
  const least = STANDS_OUT * Math.max(background, LEAST_BACKGROUND);
  return Uint8Array.from(levels, (level) => (level > least ? 1 : 0));
}

/** Windows that stand out, within some seconds, which are worth a look: 0.2 s, a short word. Fewer are clicks and knocks. */
export const DOUBTFUL_WINDOWS = 6;

/**
 * What a slice that is loud all through is multiplied by, so that it is as loud as speech; null where it is not loud, or where anything
 * stands out. Speech in it would be no louder than the noise, and the model misses it above the level that it was trained on.
 */
export function gainInNoise(levels: Float32Array): number | null {
  const loudest = percentile(levels, SPEECH_PERCENTILE);
  const isLoudThroughout = loudest > SPEECH_RMS && STANDS_OUT * percentile(levels, BACKGROUND_PERCENTILE) > loudest;
  return isLoudThroughout ? SPEECH_RMS / loudest : null;
}

function percentile(levels: Float32Array, share: number): number {
  return levels.toSorted()[Math.floor(share * levels.length)] ?? 0;
}
