/** The index of an MP4 file (`moov`): which tracks there are, and where their samples lie. ISO 14496-12, 8.2. */
import { containerAt, SIGNATURE_BYTES } from '../signatures.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { BOX_HEAD_BYTES, boxHead, LEAST_BOX_BYTES } from './mp4Box.ts';

/** The largest number of top-level boxes before the index. */
const MAX_BOXES = 10_000;

/** How many bytes of the index are read: the descriptions of tracks come before their tables. */
const MAX_INDEX_BYTES = 4 * 1024 * 1024;

/** Whether an MP4 file has no index: it was cut off, or its recorder did not finish it. */
export function lacksIndex(file: FileView): boolean {
  return containerAt(readView(file, 0, SIGNATURE_BYTES)) === 'm4a' && indexOf(file) === null;
}

/** The index of an MP4 file; null if it has none. */
export function indexOf(file: FileView): Buffer | null {
  for (let at = 0, boxes = 0; at < file.size && boxes < MAX_BOXES; boxes++) {
    const box = boxHead(readView(file, at, BOX_HEAD_BYTES));
    if (box === null || at + BOX_HEAD_BYTES > file.size) return null; // fewer bytes cannot be an index
    if (box.type === 'moov') return Buffer.from(readView(file, at, Math.min(box.size, MAX_INDEX_BYTES)));
    if (box.size < LEAST_BOX_BYTES) return null;
    at += box.size;
  }
  return null;
}
