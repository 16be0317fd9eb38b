/** One signal in each container that the sandbox decodes. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileExtension, FileFormat } from '../../src/audio/read/format.ts';
import { AppError } from '../../src/errors.ts';
import { bestSnr, chirp, ffmpeg, RATE, s16le } from './audio.ts';
import type { Decoded } from './audio.ts';

export const file = (extension: FileExtension): FileFormat => ({ kind: 'file', extension });

export const SECONDS = 10;
export const SIGNAL = chirp(SECONDS);

export const EXTENSIONS = ['wav', 'm4a', 'mp3', 'ogg', 'webm', 'flac'] as const satisfies readonly FileExtension[];
export type Encoded = (typeof EXTENSIONS)[number];
const ENCODERS: Readonly<Record<Encoded, readonly string[]>> = {
  wav: ['-f', 'wav'],
  m4a: ['-c:a', 'aac', '-f', 'ipod'],
  mp3: ['-c:a', 'libmp3lame', '-b:a', '64k', '-f', 'mp3'],
  ogg: ['-c:a', 'libopus', '-f', 'ogg'],
  webm: ['-ar', '48000', '-c:a', 'libopus', '-f', 'webm'], // at other rates ffmpeg 5 writes a wrong delay
  flac: ['-c:a', 'flac', '-f', 'flac'],
};

/** The decoders, for tests whose result must be the same with each. */
export const BOTH = ['sandbox', 'ffmpeg'] as const;

const encoded = new Map<string, Buffer>();

/** The signal in such a file. It is encoded once for all tests, and each caller gets a copy that it may damage. */
export function encode(extension: Encoded, before: readonly string[] = [], after: readonly string[] = []): Buffer {
  const key = JSON.stringify([extension, before, after]);
  const bytes = encoded.get(key) ?? encodeSignal(SIGNAL, extension, before, after);
  encoded.set(key, bytes);
  return Buffer.from(bytes);
}

/** Encodes through a real file, as a muxer that can seek writes it. */
export function encodeSignal(
  signal: Float32Array,
  extension: Encoded,
  before: readonly string[] = [],
  after: readonly string[] = [],
): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'encoded-'));
  try {
    const path = join(folder, `encoded.${extension}`);
    const input = [...before, '-f', 's16le', '-ar', '16000', '-ac', '1', '-i', 'pipe:0'];
    ffmpeg([...input, ...ENCODERS[extension], ...after, path], s16le(signal));
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof AppError && error.code === code;
}

/** How much later than expected the audio is that begins at a second of the signal, samples. */
export function lagAt({ pcm }: Pick<Decoded, 'pcm'>, second: number): number {
  const from = second * RATE;
  return bestSnr(pcm.subarray(from - 1600, from + RATE + 1600), SIGNAL.subarray(from - 1600, from + RATE + 1600), 1600)
    .lag;
}

/** How late the third second is. */
export const startOf = (decoded: Pick<Decoded, 'pcm'>): { readonly lag: number } => ({ lag: lagAt(decoded, 2) });

/** How late the last second but one is, samples. */
export const lagOfEnd = (decoded: Pick<Decoded, 'pcm'>): number => lagAt(decoded, SECONDS - 2);

/** The same bytes each time, without a pattern. */
export function noise(length: number): Buffer {
  let seed = 1;
  return Buffer.from(Array.from({ length }, () => (seed = (seed * 75 + 74) % 65537) & 255));
}

/** A file without some stretches. @param holes where each begins and ends, as shares of the file, in order */
export function withHoles(bytes: Buffer, holes: readonly (readonly [from: number, to: number])[]): Buffer {
  const edges = [0, ...holes.flat().map((share) => Math.round(share * bytes.length)), bytes.length];
  return Buffer.concat(edges.flatMap((start, i) => (i % 2 === 0 ? [bytes.subarray(start, edges[i + 1])] : [])));
}
