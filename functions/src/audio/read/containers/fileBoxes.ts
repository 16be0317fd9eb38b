/** Reads the boxes of an open MP4 file. */
import type { FileHandle } from 'node:fs/promises';
import { readAt } from './fileView.ts';
import { BOX_HEAD_BYTES, boxHead, isBoxType, LEAST_BOX_BYTES } from './mp4Box.ts';
import type { Box } from './mp4Box.ts';

/** The box at a position; null if there is none. */
export async function boxAt(file: FileHandle, start: number): Promise<Box | null> {
  const head = boxHead(await readAt(file, start, BOX_HEAD_BYTES));
  const isBox = head !== null && head.size >= LEAST_BOX_BYTES && isBoxType(head.type);
  return isBox ? { start, ...head } : null;
}
