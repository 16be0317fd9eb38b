/** The index of an MP4 file (`moov`): which tracks there are, and where their samples lie. ISO 14496-12, 8.2. */
import { containerAt } from '../signatures.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';

/** Top-level boxes before the index at most. */
const MAX_BOXES = 10_000;

/** Bytes of the index that are looked at: what describes the tracks stands before their tables. */
const MAX_INDEX_BYTES = 4 * 1024 * 1024;

/** Bytes that tell a container. */
const MAGIC_BYTES = 64;

/** Whether an MP4 file has no index: it was cut off, or its recorder never ended it. */
export function lacksIndex(file: FileView): boolean {
  return containerAt(readView(file, 0, MAGIC_BYTES)) === 'm4a' && indexOf(file) === null;
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
