/**
 * Repairs an MP4 file whose data lacks bytes, or has too many. Its index states where each sample begins, so all samples behind
 * such a place are read from wrong bytes. The position at which the data ends shows how many bytes are missing, and the samples
 * show where (`sampleShifts.ts`).
 */
import type { FileHandle } from 'node:fs/promises';
import { readAt } from './fileView.ts';
import { MAX_INDEX_BYTES } from './indexMending.ts';
import { LEAST_BOX_BYTES } from './mp4Box.ts';
import type { Box } from './mp4Box.ts';
import { soundOffsets } from './mp4Samples.ts';
import { findHoles } from './sampleShifts.ts';

const WINDOW_BYTES = 256 * 1024;

/** The inserted bytes. No decoder reads them as audio: in AAC they mean a layout of 41 channels. */
const FILLER = 0xa5;

/**
 * Inserts as many bytes as are missing, or removes those that are too many, so that the index is right again.
 * @param data the box of the data
 * @param missing bytes; negative if there are too many
 * @returns whether the places were found
 */
export async function fillHoles(file: FileHandle, index: Box, data: Box, missing: number): Promise<boolean> {
  const { size: fileBytes } = await file.stat();
  if (missing === 0 || Math.abs(missing) > fileBytes || index.size > MAX_INDEX_BYTES) return false;
  const offsets = soundOffsets(await readAt(file, index.start, index.size));
  const dataStart = data.start + LEAST_BOX_BYTES;
  const holes = offsets === null ? [] : await findHoles({ file, fileBytes, dataStart }, offsets, missing);
  let end = fileBytes;
  for (const { behind, bytes } of holes) {
    await move(file, behind - bytes, behind, end);
    if (bytes > 0) await file.write(Buffer.alloc(bytes, FILLER), 0, bytes, behind - bytes);
    end += bytes;
  }
  return holes.length > 0;
}

/** Moves the bytes of a file from a position on to another position. */
async function move(file: FileHandle, from: number, to: number, end: number): Promise<void> {
  const isForth = to > from;
  for (let left = end - from; left > 0;) {
    const size = Math.min(left, WINDOW_BYTES);
    const at = isForth ? from + left - size : end - left;
    await file.write(await readAt(file, at, size), 0, size, at + to - from);
    left -= size;
  }
  if (!isForth) await file.truncate(end + to - from);
}
