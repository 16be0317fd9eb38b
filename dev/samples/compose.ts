/**
 * Places spoken phrases on a timeline of whole milliseconds, over the noise of a microphone. It is deterministic: all random
 * numbers are seeded.
 */
import type { Cue, Voice } from './scenarios.ts';
import { SAMPLE_RATE, speak } from './synthesis.ts';

const SAMPLES_PER_MS = SAMPLE_RATE / 1000;

/** The silence before the first word and after the last, milliseconds. */
const MARGIN_MS = 900;
/** The noise floor, root mean square, full scale = 1: -62 dBFS. */
const NOISE_RMS = 0.0008;

export interface PlacedWord {
  readonly text: string;
  readonly voice: Voice;
  /** Milliseconds from the start of the take. The word is audible from `startMs` to `endMs`. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface Composition {
  /** 16 kHz mono, full scale = 1. */
  readonly pcm: Float32Array;
  readonly words: readonly PlacedWord[];
}

type Random = () => number;

/** A spoken phrase, with its place on the timeline. */
interface PlacedPhrase {
  readonly pcm: Float32Array;
  readonly startMs: number;
}

/** The audio of the take: a whole number of frames. */
export function compose(script: readonly Cue[], frameSize: number, seed: string): Composition {
  const random = seededRandom(seed);
  const { phrases, words, lengthMs } = place(script, random);
  const frames = Math.ceil((lengthMs * SAMPLES_PER_MS) / frameSize);
  const pcm = noise(frames * frameSize, random);
  for (const phrase of phrases) {
    const at = phrase.startMs * SAMPLES_PER_MS;
    for (const [i, sample] of phrase.pcm.entries()) pcm[at + i] = (pcm[at + i] ?? 0) + sample;
  }
  return { pcm, words };
}

function place(
  script: readonly Cue[],
  random: Random,
): { phrases: PlacedPhrase[]; words: PlacedWord[]; lengthMs: number } {
  const phrases: PlacedPhrase[] = [];
  const words: PlacedWord[] = [];
  let now = MARGIN_MS;
  let silence = 0;
  for (const cue of script) {
    if (cue.kind === 'pause') {
      silence = cue.seconds * 1000;
      continue;
    }
    const startMs = now + silence;
    const { pcm, words: spoken } = speak(cue.voice, cue.text);
    phrases.push({ pcm, startMs });
    for (const { text, ...word } of spoken) {
      words.push({ text, voice: cue.voice, startMs: startMs + word.startMs, endMs: startMs + word.endMs });
    }
    now = startMs + pcm.length / SAMPLES_PER_MS;
    silence = between(random, 350, 850);
  }
  // Only the margin follows the last word. A pause at the end, as in a script without words, is kept in full.
  const tail = script.at(-1)?.kind === 'pause' ? silence : 0;
  return { phrases, words, lengthMs: now + tail + MARGIN_MS };
}

function between(random: Random, low: number, high: number): number {
  return Math.round(low + random() * (high - low));
}

/** Gaussian noise (a sum of uniform noise) with less treble than white noise, like that of microphones. */
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
