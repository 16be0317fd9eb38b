/** The durations that files of chunks claim: AIFF, CAF, and WAV with compressed samples. */
import { claimedSamples, EDITS_BYTES, TABLE_HEAD_BYTES } from './cafPackets.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { aiffRate, cafRate } from './pcmFormats.ts';

/** The largest number of chunks that are read. */
const MAX_CHUNKS = 10_000;

export interface Chunk {
  readonly name: string;
  /** Where its content begins in the file. */
  readonly start: number;
  /** Bytes of its content; negative if not known. */
  readonly size: number;
  /** The first bytes of its content. */
  readonly content: Buffer;
}

/**
 * The chunks of a file, each with its name, its size and its first bytes. A chunk that extends beyond the end of the file is
 * the last.
 */
function* chunksOf(
  file: FileView,
  start: number,
  sizeOf: (head: Buffer) => { readonly size: number; readonly headBytes: number },
): Generator<Chunk> {
  for (let at = start, chunks = 0; at < file.size && chunks < MAX_CHUNKS; chunks++) {
    const head = Buffer.from(readView(file, at, 64));
    if (head.length < 12) return;
    const { size, headBytes } = sizeOf(head);
    yield { name: head.toString('latin1', 0, 4), start: at + headBytes, size, content: head.subarray(headBytes) };
    if (size < 0) return;
    at += headBytes + size;
  }
}

const CHUNK_NAME = /^[\w ]{4}$/;

/** Whether a chunk may begin at a position: four letters, digits or spaces are its name. */
export function isChunkAt(file: FileView, position: number): boolean {
  return CHUNK_NAME.test(Buffer.from(readView(file, Math.max(0, position), 4)).toString('latin1'));
}

/** The chunks of AIFF and AIFF-C. */
export function chunksOfAiff(file: FileView): Iterable<Chunk> {
  return chunksOf(file, 12, (head) => ({ size: head.readUInt32BE(4) + (head.readUInt32BE(4) & 1), headBytes: 8 }));
}

/** The duration in the common chunk of AIFF and AIFF-C: channels, samples, their width, and their rate as an 80-bit float. */
export function aiffSeconds(file: FileView): number | null {
  for (const { name, content } of chunksOfAiff(file)) {
    if (name !== 'COMM' || content.length < 18) continue;
    const rate = aiffRate(content);
    return rate > 0 ? content.readUInt32BE(2) / rate : null;
  }
  return null;
}

/** The chunks of Apple's Core Audio Format. */
export function chunksOfCaf(file: FileView): Iterable<Chunk> {
  return chunksOf(file, 8, (head) => ({ size: Number(head.readBigInt64BE(4)), headBytes: 12 }));
}

/** The duration of Apple's Core Audio Format, by its data chunk, or, if packets vary in size, by the table of packets. */
export function cafSeconds(file: FileView): number | null {
  let format: { readonly rate: number; readonly packetBytes: number; readonly packetFrames: number } | null = null;
  for (const { name, size, content } of chunksOfCaf(file)) {
    if (name === 'desc' && content.length >= 24) {
      format = {
        rate: cafRate(content),
        packetBytes: content.readUInt32BE(16),
        packetFrames: content.readUInt32BE(20),
      };
    }
    if (format === null || !(format.rate > 0)) continue;
    if (name === 'pakt' && content.length >= TABLE_HEAD_BYTES)
      return claimedSamples(content, format.packetFrames) / format.rate;
    if (name === 'data' && size > EDITS_BYTES && format.packetBytes > 0)
      return (((size - EDITS_BYTES) / format.packetBytes) * format.packetFrames) / format.rate;
  }
  return null;
}

/** The chunks of a WAV file. */
export function chunksOfWav(file: FileView): Iterable<Chunk> {
  return chunksOf(file, 12, (head) => ({ size: head.readUInt32LE(4) + (head.readUInt32LE(4) & 1), headBytes: 8 }));
}

/** The codecs whose blocks have a stated number of samples, by their number in WAV: ADPCM of Microsoft and of IMA, GSM. */
const BLOCK_CODECS: readonly number[] = [0x02, 0x11, 0x31];

/** By which part of it two claims of one duration may differ: the last block is full. */
const CONTRADICTION = 0.05;

/** The description of compressed samples in a WAV file. */
interface WavFormat {
  readonly rate: number;
  readonly bytesPerSecond: number;
  /** Null if blocks have no stated number of samples. */
  readonly secondsPerByte: number | null;
}

function wavFormatOf(content: Buffer): WavFormat {
  const rate = content.readUInt32LE(4);
  const isOfBlocks = content.length >= 20 && BLOCK_CODECS.includes(content.readUInt16LE(0));
  const [blockBytes, blockSamples] = isOfBlocks ? [content.readUInt16LE(12), content.readUInt16LE(18)] : [0, 0];
  const secondsPerByte = blockBytes > 0 && blockSamples > 0 && rate > 0 ? blockSamples / blockBytes / rate : null;
  return { rate, bytesPerSecond: content.readUInt32LE(8), secondsPerByte };
}

/**
 * The duration of a WAV file with compressed samples, by the fact chunk, else by the data chunk. If blocks contradict the fact
 * chunk, the shorter: some writers count the samples of all channels there, and either number may be damaged.
 */
export function wavSeconds(file: FileView): number | null {
  let format: WavFormat | null = null;
  let counted: number | null = null;
  for (const { name, size, content } of chunksOfWav(file)) {
    if (name === 'fmt ' && content.length >= 12) format = wavFormatOf(content);
    if (format === null) continue;
    if (name === 'fact' && format.rate > 0) counted = content.readUInt32LE(0) / format.rate;
    if (name !== 'data') continue;
    const bySize = format.bytesPerSecond > 0 ? size / format.bytesPerSecond : null;
    if (counted === null || format.secondsPerByte === null) return counted ?? bySize;
    const inBlocks = size * format.secondsPerByte;
    return Math.abs(inBlocks - counted) > CONTRADICTION * counted ? Math.min(inBlocks, counted) : counted;
  }
  return counted;
}
