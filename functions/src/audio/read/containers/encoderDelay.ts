/**
 * Whether an encoder's delay is still before the audio. The frames of AAC overlap, so the first one of a stream only leads to the second:
 * 1,024 samples, 64 ms at 16 kHz. An edit list of MP4, or what iTunes writes in its place, says to leave that out, and decoders do. Frames
 * without a container, and fragments written as they were recorded, have neither.
 */
import type { FileExtension } from '../format.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';

/** Top-level boxes before the index at most. */
const MAX_BOXES = 10_000;

/** Bytes of the index that are looked at: what describes the tracks stands before their tables. */
const MAX_INDEX_BYTES = 4 * 1024 * 1024;

export function hasEncoderDelay(file: FileView, extension: FileExtension): boolean {
  if (extension === 'aac') return true;
  const index = extension === 'm4a' ? indexOf(file) : null;
  return index !== null && index.includes('mp4a') && !['elst', 'iTunSMPB'].some((known) => index.includes(known));
}

/** The index of an MP4 file; null where it has none. */
export function indexOf(file: FileView): Buffer | null {
  for (let at = 0, boxes = 0; at < file.size && boxes < MAX_BOXES; boxes++) {
    const head = Buffer.from(readView(file, at, 16));
    if (head.length < 16) return null;
    const short = head.readUInt32BE(0);
    const size = short === 1 ? Number(head.readBigUInt64BE(8)) : short;
    if (head.toString('latin1', 4, 8) === 'moov')
      return Buffer.from(readView(file, at, Math.min(size, MAX_INDEX_BYTES)));
    if (size < 8) return null;
    at += size;
  }
  return null;
}
