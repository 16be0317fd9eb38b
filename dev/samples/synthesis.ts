/** Speech from flite, word by word: each word's samples, cut from a phrase that was spoken whole so that it keeps its melody. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Voice } from './scenarios.ts';

export const SAMPLE_RATE = 16_000;
const SAMPLES_PER_MS = SAMPLE_RATE / 1000;

/** Loudness of a phrase, root mean square of its words, full scale = 1: about -21 dBFS, a person near the microphone. */
const PHRASE_RMS = 0.09;
/** Below this a word's edge is silence, full scale = 1: -40 dBFS, far above the noise floor that is mixed in later. */
const EDGE_LEVEL = 0.01;
/** How long an edge is listened to, milliseconds. */
const EDGE_MS = 8;
/** Fade at both ends of a word, so that the cut does not click. */
const FADE_SAMPLES = 3 * SAMPLES_PER_MS;

export interface SpokenWord {
  /** As a reader should see it, with its punctuation. */
  readonly text: string;
  /** 16 kHz mono, full scale = 1; a whole number of milliseconds; loud from its first to its last millisecond. */
  readonly pcm: Float32Array;
}

/** @throws Error where flite is missing, or where its phones cannot be told apart into words (rephrase the text). */
export function speak(voice: Voice, text: string): SpokenWord[] {
  const { pcm, phones } = synthesise(voice, text);
  const spoken = phones.filter((phone) => phone.name !== 'pau');
  const words = text.split(/\s+/);
  const counts = words.map((word) => phoneNames(voice, word).length);
  if (counts.reduce((sum, count) => sum + count, 0) !== spoken.length) {
    throw new Error(`flite says "${text}" with other phones than its words alone; rephrase it`);
  }
  let next = 0;
  const pieces = words.map((word, index) => {
    const own = spoken.slice(next, (next += counts[index] ?? 0));
    const from = Math.round((own[0]?.startSeconds ?? 0) * SAMPLE_RATE);
    const to = Math.round((own.at(-1)?.endSeconds ?? 0) * SAMPLE_RATE);
    return { text: word, pcm: pcm.slice(from, to) };
  });
  const gain = PHRASE_RMS / rootMeanSquare(pieces.map((piece) => piece.pcm));
  return pieces.map((piece) => ({ text: piece.text, pcm: polish(piece.pcm, gain) }));
}

/** Amplifies, cuts silent edges off in whole milliseconds, and fades. */
function polish(pcm: Float32Array, gain: number): Float32Array {
  const loud = pcm.map((sample) => sample * gain);
  const milliseconds = Math.floor(loud.length / SAMPLES_PER_MS);
  const level = (fromMs: number): number =>
    rootMeanSquare([loud.subarray(fromMs * SAMPLES_PER_MS, (fromMs + EDGE_MS) * SAMPLES_PER_MS)]);
  let first = 0;
  while (first + EDGE_MS < milliseconds && level(first) < EDGE_LEVEL) first++;
  let end = milliseconds;
  while (end - EDGE_MS > first && level(end - EDGE_MS) < EDGE_LEVEL) end--;
  const word = loud.slice(first * SAMPLES_PER_MS, end * SAMPLES_PER_MS);
  if (word.length <= 2 * FADE_SAMPLES) throw new Error('a word has no sound');
  for (let i = 0; i < FADE_SAMPLES; i++) {
    const fade = (i + 0.5) / FADE_SAMPLES;
    word[i] = (word[i] ?? 0) * fade;
    word[word.length - 1 - i] = (word[word.length - 1 - i] ?? 0) * fade;
  }
  return word;
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
    const printed = flite(voice, ['-psdur', '-t', text, '-o', file]);
    let startSeconds = 0;
    const phones = printed.split(/\s+/).map((item) => {
      const [name = '', end = ''] = item.split(':');
      const phone = { name, startSeconds, endSeconds: Number(end) };
      startSeconds = phone.endSeconds;
      return phone;
    });
    return { pcm: readWav(readFileSync(file)), phones };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function phoneNames(voice: Voice, word: string): string[] {
  return flite(voice, ['-ps', '-t', `${word} `, '-o', 'none'])
    .split(/\s+/)
    .filter((name) => name !== 'pau');
}

function flite(voice: Voice, args: readonly string[]): string {
  try {
    return execFileSync('flite', ['-voice', voice, ...args], { encoding: 'utf8' }).trim();
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
