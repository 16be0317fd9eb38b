/**
 * Repairs the headers of a FLAC file (RFC 9639, section 8). They are blocks, each found by the length of the one before.
 * Everything that a decoder needs is in the first, and the header of each frame repeats it. So if any header is damaged, the
 * headers are written again.
 */
import { open } from 'node:fs/promises';
import { readAt, readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { flacFrameHeader, flacFrameStart, MAX_FLAC_HEADER_BYTES } from './flacFrame.ts';
import type { FlacFrameHeader } from './flacFrame.ts';

const MAGIC = 'fLaC';
const BLOCK_HEAD_BYTES = 4;
const STREAMINFO_BYTES = 34;
/** The offset of the block behind STREAMINFO. */
const SECOND_BLOCK = MAGIC.length + BLOCK_HEAD_BYTES + STREAMINFO_BYTES;

/** How many bytes are searched for the first frame: one block, which may be a cover picture, has no more. */
export const MAX_HEADER_BYTES = 16 * 1024 * 1024;

const STREAMINFO = 0;
const PADDING = 1;
const LAST = 0x80;

/**
 * Bytes of the block and frame sizes in STREAMINFO. Rate, channels and width of the samples follow, then their number and
 * checksum.
 */
const SIZES_BYTES = 10;

/** Repairs damaged headers of the file at `path`, in place. Headers that are not needed become padding. */
export async function mendFlacHeaders(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const most = Math.min((await file.stat()).size, MAX_HEADER_BYTES);
    const bytes = await readAt(file, 0, most);
    if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return;
    const start = flacSoundStart(bytes) ?? 0;
    const intact = start >= SECOND_BLOCK ? firstFrame(bytes, start) : null;
    if (intact !== null && isStreamInfoOf(bytes, intact)) return;
    const first = firstFrame(bytes, Math.max(start, SECOND_BLOCK + BLOCK_HEAD_BYTES));
    if (first === null) return;
    await file.write(headers(bytes, first), 0, SECOND_BLOCK + BLOCK_HEAD_BYTES, 0);
  } finally {
    await file.close();
  }
}

/** Where the frames of a FLAC file begin by its headers, or where it ends if it has none; null if the headers are damaged. */
export function flacSoundStart(bytes: Buffer): number | null {
  for (let at = MAGIC.length; at + BLOCK_HEAD_BYTES <= bytes.length;) {
    const isLast = (bytes.readUInt8(at) & LAST) !== 0;
    at += BLOCK_HEAD_BYTES + bytes.readUIntBE(at + 1, 3);
    if (isLast) return at === bytes.length || flacFrameHeader(bytes.subarray(at)) !== null ? at : null;
  }
  return null;
}

/** How many bytes at the end of a file are searched for its last frame. */
const LAST_FRAME_WITHIN_BYTES = 128 * 1024;

/**
 * The number of samples up to the end of the last frame, by its number.
 * @param blockSamples the samples of all frames but the last, if frames are numbered
 * @returns null if no frame is found near the end
 */
export function samplesInFrames(file: FileView, blockSamples: number): number | null {
  const from = Math.max(0, file.size - LAST_FRAME_WITHIN_BYTES);
  const bytes = Buffer.from(readView(file, from, LAST_FRAME_WITHIN_BYTES));
  for (let at = bytes.lastIndexOf(0xff); at > 0; at = bytes.lastIndexOf(0xff, at - 1)) {
    const header = flacFrameHeader(bytes.subarray(at, at + MAX_FLAC_HEADER_BYTES));
    const start = header === null ? null : flacFrameStart(bytes.subarray(at), blockSamples);
    if (header !== null && start !== null) return start + header.blockSamples;
  }
  return null;
}

interface FirstFrame extends FlacFrameHeader {
  readonly at: number;
}

function firstFrame(bytes: Buffer, from: number): FirstFrame | null {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const header = flacFrameHeader(bytes.subarray(at, at + MAX_FLAC_HEADER_BYTES));
    if (header !== null) return { at, ...header };
  }
  return null;
}

/** Whether the first block is a valid STREAMINFO, and agrees with a frame. */
function isStreamInfoOf(bytes: Buffer, { blockSamples, sampleRate, channels, bits }: FlacFrameHeader): boolean {
  const at = MAGIC.length + BLOCK_HEAD_BYTES;
  const [least, most] = [bytes.readUInt16BE(at), bytes.readUInt16BE(at + 2)];
  const shape = bytes.readUInt32BE(at + SIZES_BYTES);
  const rate = shape >>> 12;
  return (
    (bytes.readUInt8(MAGIC.length) & ~LAST) === STREAMINFO &&
    bytes.readUIntBE(MAGIC.length + 1, 3) === STREAMINFO_BYTES &&
    least >= 16 &&
    most >= Math.max(least, blockSamples) &&
    (sampleRate === 0 ? rate > 0 : rate === sampleRate) &&
    ((shape >>> 9) & 7) + 1 === channels &&
    (bits === 0 || ((shape >>> 4) & 31) + 1 === bits)
  );
}

/** The first block, unchanged or made from the header of a frame, and the head of a block of padding up to that frame. */
function headers(bytes: Buffer, first: FirstFrame): Buffer {
  const { at, blockSamples, sampleRate, channels, bits } = first;
  const written = Buffer.from(bytes.subarray(0, SECOND_BLOCK + BLOCK_HEAD_BYTES));
  if (!isStreamInfoOf(bytes, first)) {
    written.fill(0, MAGIC.length);
    written.writeUInt8(STREAMINFO_BYTES, 7);
    written.writeUInt16BE(blockSamples, 8);
    written.writeUInt16BE(blockSamples, 10);
    // 20 bits, 3 bits and 5 bits.
    written.writeUInt32BE(((sampleRate << 12) | ((channels - 1) << 9) | ((bits - 1) << 4)) >>> 0, 8 + SIZES_BYTES);
  }
  written.writeUInt8(STREAMINFO, MAGIC.length);
  written.writeUInt8(LAST | PADDING, SECOND_BLOCK);
  written.writeUIntBE(at - SECOND_BLOCK - BLOCK_HEAD_BYTES, SECOND_BLOCK + 1, 3);
  return written;
}
