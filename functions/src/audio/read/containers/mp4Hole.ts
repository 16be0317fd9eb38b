/**
 * Repairs an MP4 file whose data lacks bytes, or has too many. Its index states where each sample begins, so all samples behind
 * such a place are read from wrong bytes. The position at which the data ends shows how many bytes are missing, and the samples
 * show where (`sampleShifts.ts`).
 */
import type { FileHandle } from 'node:fs/promises';
import { fillHoles } from './fileHoles.ts';
import { readAt } from './fileView.ts';
import { MAX_INDEX_BYTES } from './indexMending.ts';
import { LEAST_BOX_BYTES } from './mp4Box.ts';
import type { Box } from './mp4Box.ts';
import { soundOffsets } from './mp4Samples.ts';
import { findHoles } from './sampleShifts.ts';

/**
 * Inserts as many bytes as are missing, or removes those that are too many, so that the index is right again.
 * @param data the box of the data
 * @param missing bytes; negative if there are too many
 * @returns whether the places were found
 */
export async function fillMp4Holes(file: FileHandle, index: Box, data: Box, missing: number): Promise<boolean> {
  const { size: fileBytes } = await file.stat();
  if (missing === 0 || Math.abs(missing) > fileBytes || index.size > MAX_INDEX_BYTES) return false;
  const offsets = soundOffsets(await readAt(file, index.start, index.size));
  const dataStart = data.start + LEAST_BOX_BYTES;
  const holes = offsets === null ? [] : await findHoles({ file, fileBytes, dataStart }, offsets, missing);
  await fillHoles(file, holes);
  return holes.length > 0;
}
