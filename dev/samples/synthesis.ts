/** Speech from flite: whole phrases, and the time of each word in them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Voice } from './scenarios.ts';

export const SAMPLE_RATE = 16_000;
const SAMPLES_PER_MS = SAMPLE_RATE / 1000;

/** Loudness of a phrase, root mean square of its words, full scale = 1: about -21 dBFS, a person near the microphone. */
const PHRASE_RMS = 0.09;
/**
 * The level below which the edge of a word is silence, full scale = 1: -40 dBFS, far above the noise floor that is mixed in
 * later.
 */
const EDGE_LEVEL = 0.01;
/** The length of an edge whose level is measured, milliseconds. */
const EDGE_MS = 8;
/** Fade at both ends of a phrase, so that the cut does not click. */
const FADE_SAMPLES = 3 * SAMPLES_PER_MS;

interface Speaker {
  readonly flite: string;
  /**
   * By which factor playback is faster than it was spoken. Pitch and vocal tract change with it; the pace of speech does not.
   */
  readonly playedFaster: number;
}

const SPEAKERS: Readonly<Record<Voice, Speaker>> = {
  slt: { flite: 'slt', playedFaster: 1 },
  rms: { flite: 'rms', playedFaster: 1 },
  deep: { flite: 'rms', playedFaster: 0.9 },
};

/** Half-open, whole milliseconds from the start of the phrase. */
interface Stretch {
  readonly startMs: number;
  readonly endMs: number;
}

export interface SpokenWord extends Stretch {
  /** The text for readers, with punctuation. */
  readonly text: string;
}

export interface SpokenPhrase {
  /** 16 kHz mono, full scale = 1, from its first phone to its last: a little of it may be quiet, such as the breath before a "p". */
  readonly pcm: Float32Array;
  /**
   * The words in order. They are loud from their first to their last millisecond. A word often begins where the one before it
   * ends.
   */
  readonly words: readonly SpokenWord[];
}

/** @throws Error if flite is missing, or if its phones cannot be divided into words (rephrase the text then) */
export function speak(voice: Voice, text: string): SpokenPhrase {
  const { pcm, phones } = synthesise(voice, text);
  const said = wordsOf(voice, text, phones);
  const loud = amplify(pcm, said);
  const startMs = said[0]?.startMs ?? 0;
  const endMs = said.at(-1)?.endMs ?? 0;
  const words = said.map((word) => ({ text: word.text, ...trimmed(loud, word) }));
  return {
    pcm: faded(loud.slice(startMs * SAMPLES_PER_MS, endMs * SAMPLES_PER_MS)),
    words: words.map((word) => ({ ...word, startMs: word.startMs - startMs, endMs: word.endMs - startMs })),
  };
}

/** Places each word from the start of its first phone to the end of its last. */
function wordsOf(voice: Voice, text: string, phones: readonly Phone[]): SpokenWord[] {
  const spoken = phones.filter((phone) => phone.name !== 'pau');
  const words = text.split(/\s+/);
  const counts = words.map((word) => phoneNames(voice, word).length);
  if (counts.reduce((sum, count) => sum + count, 0) !== spoken.length) {
    throw new Error(`flite says "${text}" with other phones than its words alone; rephrase it`);
  }
  let next = 0;
  return words.map((word, index) => {
    const own = spoken.slice(next, (next += counts[index] ?? 0));
    return { text: word, startMs: inMs(own[0]?.startSeconds), endMs: inMs(own.at(-1)?.endSeconds) };
  });
}

function inMs(seconds = 0): number {
  return Math.round(seconds * 1000);
}

/** Amplifies a phrase to {@link PHRASE_RMS}, measured without pauses. */
function amplify(pcm: Float32Array, words: readonly Stretch[]): Float32Array {
  const gain = PHRASE_RMS / rootMeanSquare(words.map((word) => within(pcm, word)));
  return pcm.map((sample) => sample * gain);
}

/** Removes the silence at the edges of a stretch, such as the closure before a "p". */
function trimmed(pcm: Float32Array, { startMs, endMs }: Stretch): Stretch {
  const isQuiet = (from: number): boolean =>
    rootMeanSquare([within(pcm, { startMs: from, endMs: from + EDGE_MS })]) < EDGE_LEVEL;
  let first = startMs;
  while (first + EDGE_MS < endMs && isQuiet(first)) first++;
  let end = endMs;
  while (end - EDGE_MS > first && isQuiet(end - EDGE_MS)) end--;
  if ((end - first) * SAMPLES_PER_MS <= 2 * FADE_SAMPLES) throw new Error('a word has no sound');
  return { startMs: first, endMs: end };
}

function faded(pcm: Float32Array): Float32Array {
  for (let i = 0; i < FADE_SAMPLES; i++) {
    const fade = (i + 0.5) / FADE_SAMPLES;
    pcm[i] = (pcm[i] ?? 0) * fade;
    pcm[pcm.length - 1 - i] = (pcm[pcm.length - 1 - i] ?? 0) * fade;
  }
  return pcm;
}

function within(pcm: Float32Array, { startMs, endMs }: Stretch): Float32Array {
  return pcm.subarray(startMs * SAMPLES_PER_MS, endMs * SAMPLES_PER_MS);
}

interface Phone {
  readonly name: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

function synthesise(voice: Voice, text: string): { pcm: Float32Array; phones: Phone[] } {
  const folder = mkdtempSync(join(tmpdir(), 'samples-'));
  try {
    const file = join(folder, 'phrase.wav');
    const { playedFaster } = SPEAKERS[voice];
    const pace = ['--setf', `duration_stretch=${playedFaster}`];
    const printed = flite(voice, [...pace, '-psdur', '-t', text, '-o', file]);
    let startSeconds = 0;
    const phones = printed.split(/\s+/).map((item) => {
      const [name = '', end = ''] = item.split(':');
      const phone = { name, startSeconds, endSeconds: Number(end) / playedFaster };
      startSeconds = phone.endSeconds;
      return phone;
    });
    return { pcm: playFaster(readWav(readFileSync(file)), playedFaster), phones };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Linear interpolation, which attenuates only frequencies above speech. */
function playFaster(pcm: Float32Array, factor: number): Float32Array {
  if (factor === 1) return pcm;
  return Float32Array.from({ length: Math.floor(pcm.length / factor) }, (_, i) => {
    const at = Math.floor(i * factor);
    const [before = 0, after = 0] = [pcm[at], pcm[at + 1]];
    return before + (i * factor - at) * (after - before);
  });
}

function phoneNames(voice: Voice, word: string): string[] {
  return flite(voice, ['-ps', '-t', `${word} `, '-o', 'none'])
    .split(/\s+/)
    .filter((name) => name !== 'pau');
}

function flite(voice: Voice, args: readonly string[]): string {
  try {
    return execFileSync('flite', ['-voice', SPEAKERS[voice].flite, ...args], { encoding: 'utf8' }).trim();
  } catch (error) {
    throw new Error('flite does not run; install it with: apt-get install flite', { cause: error });
  }
}

/** flite writes the plainest WAV: a header of 44 bytes, then 16 kHz mono 16-bit samples. */
function readWav(wav: Buffer): Float32Array {
  if (wav.readUInt32LE(24) !== SAMPLE_RATE) throw new Error('the voice is not a 16 kHz voice');
  return Float32Array.from({ length: (wav.length - 44) >> 1 }, (_, i) => wav.readInt16LE(44 + 2 * i) / 32768);
}

function rootMeanSquare(parts: readonly Float32Array[]): number {
  let sum = 0;
  let count = 0;
  for (const part of parts) {
    for (const sample of part) sum += sample * sample;
    count += part.length;
  }
  return Math.sqrt(sum / Math.max(1, count));
}
