/** Lays spoken words on a timeline of whole milliseconds, over the noise of a microphone. Deterministic: all chance is seeded. */
import type { Cue, Voice } from './scenarios.ts';
import { SAMPLE_RATE, type SpokenWord, speak } from './synthesis.ts';

const SAMPLES_PER_MS = SAMPLE_RATE / 1000;

/** Silence before the first word and after the last, milliseconds. */
const MARGIN_MS = 900;
/** Noise floor, root mean square, full scale = 1: -62 dBFS. */
const NOISE_RMS = 0.0008;

export interface PlacedWord {
  readonly text: string;
  readonly voice: Voice;
  /** Milliseconds from the start of the take; the word sounds from the first to the last of them. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface Composition {
  /** 16 kHz mono, full scale = 1. */
  readonly pcm: Float32Array;
  readonly words: readonly PlacedWord[];
}

type Random = () => number;

/** The take's audio, as long as a whole number of frames. */
export function compose(script: readonly Cue[], frameSize: number, seed: string): Composition {
  const random = seededRandom(seed);
  const { words, lengthMs } = place(script, random);
  const frames = Math.ceil((lengthMs * SAMPLES_PER_MS) / frameSize);
  const pcm = noise(frames * frameSize, random);
  for (const { spoken, startMs } of words) {
    const at = startMs * SAMPLES_PER_MS;
    for (const [i, sample] of spoken.pcm.entries()) pcm[at + i] = (pcm[at + i] ?? 0) + sample;
  }
  return { pcm, words: words.map(({ spoken: _, ...word }) => word) };
}

function place(
  script: readonly Cue[],
  random: Random,
): { words: (PlacedWord & { spoken: SpokenWord })[]; lengthMs: number } {
  const words: (PlacedWord & { spoken: SpokenWord })[] = [];
  let now = MARGIN_MS;
  let silence = 0;
  for (const cue of script) {
    if (cue.kind === 'pause') {
      silence = cue.seconds * 1000;
      continue;
    }
    for (const spoken of speak(cue.voice, cue.text)) {
      const startMs = now + silence;
      const endMs = startMs + spoken.pcm.length / SAMPLES_PER_MS;
      words.push({ text: spoken.text, voice: cue.voice, startMs, endMs, spoken });
      now = endMs;
      silence = gapAfter(spoken.text, random);
    }
    silence = between(random, 350, 850);
  }
  // After the last word only the margin follows; a pause at the end, as in a script without words, is kept whole.
  const tail = script.at(-1)?.kind === 'pause' ? silence : 0;
  return { words, lengthMs: now + tail + MARGIN_MS };
}

/** Silence after a word within a turn, milliseconds. */
function gapAfter(text: string, random: Random): number {
  if (/[.?!]$/.test(text)) return between(random, 250, 450);
  if (text.endsWith(',')) return between(random, 120, 250);
  return between(random, 40, 120);
}

function between(random: Random, low: number, high: number): number {
  return Math.round(low + random() * (high - low));
}

/** Gaussian noise (a sum of uniform ones), a little darker than white, as microphones have it. */
function noise(length: number, random: Random): Float32Array {
  const pcm = new Float32Array(length);
  let previous = 0;
  for (let i = 0; i < length; i++) {
    const white = random() + random() + random() + random() - 2;
    previous = 0.5 * previous + white;
    pcm[i] = previous * NOISE_RMS * 1.5;
  }
  return pcm;
}

/** Mulberry32, a small generator of 32 bits, seeded with an FNV-1a hash of the text. */
export function seededRandom(seed: string): Random {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
