import fc from 'fast-check';
import type { FileExtension } from '../../src/audio/read/format.ts';
import { readRecording } from '../../src/audio/read/readRecording.ts';
import { AppError } from '../../src/errors.ts';
import { chirp, DEFAULTS, pieces, RATE, samplesIn } from '../support/audio.ts';
import { encodeSignal, EXTENSIONS, file, type Encoded } from '../support/containers.ts';
import { fuzzTarget } from './target.ts';

/** The duration of each recording, which is short because decoding takes most of the time of a case. */
const SECONDS = 4;

/** Gives it as many pages and clusters as longer recordings have, and puts the index of MP4 before its audio. */
const SMALL_PARTS: Readonly<Partial<Record<Encoded, readonly string[]>>> = {
  ogg: ['-page_duration', '100000'],
  webm: ['-cluster_time_limit', '500'],
  m4a: ['-movflags', '+faststart'],
};

/** The offset behind which the audio begins. Damage before it may change what the recording is. */
const HEADER_BYTES = 8 * 1024;

/**
 * By how much damage in the audio may change the duration of a recording, seconds: numbers or time stamps of frames may be
 * damaged.
 */
const SLACK_SECONDS = 0.25;

/** The parts of an Ogg and of a WebM file behind which the last page, or the last cluster, may begin. */
const [LAST_PAGE_FROM, LAST_CLUSTER_FROM] = [0.95, 0.85];

/** The memory that decoding a small file may add to the process: for the builds and for what they decode. */
const MAX_GROWTH_BYTES = 300 * 1024 * 1024;

interface Damage {
  readonly kind: 'noise' | 'hole' | 'cut' | 'insert' | 'flip';
  /** Parts of the file. */
  readonly at: number;
  readonly length: number;
  readonly seed: number;
}

/** A part of the file. `fc.double` would draw from all numbers that a double can be, most of which are nearly 0. */
function part(max: number): fc.Arbitrary<number> {
  return fc.nat(1_000_000).map((millionths) => (max * millionths) / 1_000_000);
}

const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('noise', 'hole', 'cut', 'insert', 'flip'),
  at: part(1),
  // A third of the recordings loses a few bytes, and the others up to a third of all bytes.
  length: fc.oneof({ arbitrary: part(0.001), weight: 1 }, { arbitrary: part(0.3), weight: 2 }),
  seed: fc.integer({ min: 1, max: 65_535 }),
});

/** A wrong byte in the index of an MP4 file. The index states most numbers twice, so one wrong byte can be found, but not any two. */
const indexDamage = fc.record({ at: part(1), xor: fc.integer({ min: 1, max: 255 }) });

/** @param from the offset behind which damage lies */
function damaged(bytes: Buffer, { kind, at, length, seed }: Damage, from: number): Buffer {
  const start = Math.round(from + at * (bytes.length - from));
  const end = Math.min(bytes.length, start + Math.round(length * (bytes.length - from)));
  let state = seed;
  const noise = (size: number): Buffer =>
    Buffer.from(Array.from({ length: size }, () => (state = (state * 75 + 74) % 65_537) & 0xff));
  switch (kind) {
    case 'noise':
      return Buffer.concat([bytes.subarray(0, start), noise(end - start), bytes.subarray(end)]);
    case 'hole':
      return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
    case 'cut':
      return bytes.subarray(0, start);
    case 'insert':
      return Buffer.concat([bytes.subarray(0, start), noise(end - start), bytes.subarray(start)]);
    case 'flip': {
      const copy = Buffer.from(bytes);
      for (let i = start; i < end; i += 1 + ((state = (state * 75 + 74) % 65_537) % 997))
        copy[i] = (copy[i] ?? 0) ^ 0x55;
      return copy;
    }
  }
}

/** Reads a recording in full, each in a separate thread. */
export async function secondsOf(bytes: Buffer, extension: FileExtension): Promise<number> {
  const { blocks } = readRecording(pieces(bytes), file(extension), DEFAULTS);
  let samples = 0;
  for await (const block of blocks) samples += samplesIn(block);
  return samples / RATE;
}

const originals = new Map<Encoded, Buffer>();

function original(extension: Encoded): Buffer {
  const bytes = originals.get(extension) ?? encodeSignal(chirp(SECONDS), extension, [], SMALL_PARTS[extension]);
  originals.set(extension, bytes);
  return bytes;
}

/**
 * Whatever is damaged, the recording is read or refused by an AppError, within the memory of one decoder. If only the audio was
 * damaged, it is read, and the decoded and the lost time together are as long as the recording. Bytes that are inserted into
 * a WAV file are samples, and make it longer. Only the last page of an Ogg file says how long it is, and nothing contradicts the
 * time of the last cluster of WebM.
 */
export function damagedContainers(read: typeof secondsOf) {
  return fc.asyncProperty(fc.constantFrom(...EXTENSIONS), damage, fc.boolean(), async (extension, harm, isInAudio) => {
    const bytes = original(extension);
    const from = isInAudio ? Math.min(HEADER_BYTES, bytes.length / 8) : 0;
    const end = harm.kind === 'cut' ? 1 : harm.at + harm.length;
    const before = process.memoryUsage.rss();
    try {
      const difference = (await read(damaged(bytes, harm, from), extension)) - SECONDS;
      if (!isInAudio) return true;
      if (extension === 'ogg' && end > LAST_PAGE_FROM) return true;
      const mayBeLonger =
        (extension === 'wav' && harm.kind === 'insert') || (extension === 'webm' && end > LAST_CLUSTER_FROM);
      return difference >= -SLACK_SECONDS && (mayBeLonger || difference <= SLACK_SECONDS);
    } catch (error) {
      return error instanceof AppError && error.remedy === 'never' && (!isInAudio || harm.kind === 'cut');
    } finally {
      const grownBy = process.memoryUsage.rss() - before;
      if (grownBy > MAX_GROWTH_BYTES) throw new Error(`Decoding took ${grownBy} bytes of memory.`);
    }
  });
}

/** MP4 files of two codecs, with the index before and behind the data, in fragments, and of two tracks. */
const INDEXED: readonly (readonly string[])[] = [
  ...['aac', 'alac'].flatMap((codec) => [[], ['-movflags', '+faststart']].map((place) => ['-c:a', codec, ...place])),
  ['-movflags', 'frag_keyframe+empty_moov', '-frag_duration', '500000', '-f', 'mp4'],
  ['-map', '0', '-map', '0', '-c:a', 'aac', '-f', 'mp4'],
];
const indexedFiles = new Map<readonly string[], Buffer>();

function indexed(options: readonly string[]): Buffer {
  const bytes = indexedFiles.get(options) ?? encodeSignal(chirp(SECONDS), 'm4a', [], options);
  indexedFiles.set(options, bytes);
  return bytes;
}

/** The file with a wrong byte between the start and the end of its index. */
function withWrongIndex(bytes: Buffer, { at, xor }: { readonly at: number; readonly xor: number }): Buffer {
  const copy = Buffer.from(bytes);
  const start = bytes.indexOf('moov') - 4;
  const size = bytes.readUInt32BE(start);
  const position = start + Math.floor(at * (size - 1));
  copy[position] = (copy[position] ?? 0) ^ xor;
  return copy;
}

/**
 * With one wrong byte anywhere in its index, an MP4 file has the duration that it had before, decoded and lost time together, or an
 * AppError refuses it.
 */
export function damagedIndexes(read: typeof secondsOf) {
  return fc.asyncProperty(fc.constantFrom(...INDEXED), indexDamage, async (options, harm) => {
    try {
      const difference = (await read(withWrongIndex(indexed(options), harm), 'm4a')) - SECONDS;
      return Math.abs(difference) <= SLACK_SECONDS;
    } catch (error) {
      return error instanceof AppError && error.remedy === 'never';
    }
  });
}

export const containers = fuzzTarget({ name: 'containers', casesInTest: 15, share: 8 }, () =>
  damagedContainers(secondsOf),
);
