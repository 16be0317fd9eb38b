/**
 * Repairs the index of an MP4 file. FFmpeg trusts each number of it: a wrong size shifts all samples behind it,
 * and a wrong duration or place ends the file early.
 */
import type { FileHandle } from 'node:fs/promises';
import { readAt } from './fileView.ts';
import { mendIndexBoxes } from './indexBoxes.ts';
import { IndexTables } from './indexTables.ts';
import type { DataRange } from './indexTables.ts';
import { LEAST_BOX_BYTES } from './mp4Box.ts';
import type { Box } from './mp4Box.ts';
import { findHoles } from './sampleShifts.ts';

/** The largest index that is repaired, bytes. The index of 8 hours of AAC has 6 MB. */
export const MAX_INDEX_BYTES = 32 * 1024 * 1024;

/** So many bytes behind the last sample may be padding. */
const PADDING_BYTES = 1024;

/**
 * @param data the data of the index's samples; null if fragments state where they lie
 * @param fileBytes the size of the file
 * @returns whether anything was damaged
 */
export async function mendIndex(file: FileHandle, index: Box, data: Box | null, fileBytes: number): Promise<boolean> {
  if (index.size > MAX_INDEX_BYTES) return false;
  const bytes = await readAt(file, index.start, index.size);
  const before = Buffer.from(bytes);
  const tables = IndexTables.of(bytes, mendIndexBoxes(bytes));
  tables?.mendUnit();
  if (data !== null) {
    const range = { start: data.start + LEAST_BOX_BYTES, end: data.start + data.size };
    if (tables?.hasSizes === true && tables.isAlone) await mendSizes(file, tables, range, fileBytes);
    tables?.mendTimes();
  }
  if (bytes.equals(before)) return false;
  await file.write(bytes, 0, bytes.length, index.start);
  return true;
}

/** Repairs a size of a sample, and the places of samples, so that they fill the data. */
async function mendSizes(
  file: FileHandle,
  tables: IndexTables,
  { start, end }: DataRange,
  fileBytes: number,
): Promise<void> {
  const excess = tables.bytes - (end - start);
  if (excess > 0) tables.mendSize(excess);
  const left = tables.bytes - (end - start);
  if (left !== 0) {
    // The samples behind a size that is too large stand earlier than it says, as behind missing bytes.
    const offsets = tables.offsetsFrom(start);
    const holes = await findHoles({ file, fileBytes, dataStart: start }, offsets, left);
    for (const { behind, bytes } of holes) tables.shorten(offsets.indexOf(behind) - 1, bytes);
    if (holes.length === 0 && left < -PADDING_BYTES) tables.mendSize(left);
  }
  if (tables.bytes === end - start && !tables.isInRow(start)) tables.placeInRow(start);
}
