/**
 * Repairs the index of an MP4 file. FFmpeg trusts each number of it: a wrong size shifts all samples behind it,
 * and a wrong duration or place ends the file early.
 */
import type { FileHandle } from 'node:fs/promises';
import { mendPlaces } from './chunkRow.ts';
import { readAt } from './fileView.ts';
import { mendIndexBoxes } from './indexBoxes.ts';
import { IndexTables } from './indexTables.ts';
import { BOX_HEAD_BYTES, LEAST_BOX_BYTES } from './mp4Box.ts';
import type { Box } from './mp4Box.ts';
import { SamplePlaces } from './samplePlaces.ts';

/** The largest index that is repaired, bytes. The index of 8 hours of AAC has 6 MB. */
export const MAX_INDEX_BYTES = 32 * 1024 * 1024;

/**
 * @param data the data of the index's samples; null if fragments state where they lie
 * @param fileBytes the size of the file
 * @returns whether anything was damaged
 */
export async function mendIndex(file: FileHandle, index: Box, data: Box | null, fileBytes: number): Promise<boolean> {
  if (index.size > MAX_INDEX_BYTES) return false;
  const bytes = await readAt(file, index.start, index.size);
  const before = Buffer.from(bytes);
  const boxes = mendIndexBoxes(bytes);
  const sounds = IndexTables.all(bytes, boxes).filter((sound) => sound !== null);
  for (const sound of sounds) sound.mendUnit();
  if (data !== null) {
    const range = { start: await contentOf(file, data), end: data.start + data.size };
    const places = boxes.tracks.map((track) => new SamplePlaces(bytes, track));
    const isStated = places.every((track) => track.isStated);
    if (isStated) await mendPlaces({ file, fileBytes, dataStart: range.start }, places, range);
    for (const sound of sounds) sound.mendTimes();
  }
  if (bytes.equals(before)) return false;
  await file.write(bytes, 0, bytes.length, index.start);
  return true;
}

/** Where the content of a box begins: a size of 64 bits stands behind the type. */
async function contentOf(file: FileHandle, { start }: Box): Promise<number> {
  const isLong = (await readAt(file, start, 4)).readUInt32BE(0) === 1;
  return start + (isLong ? BOX_HEAD_BYTES : LEAST_BOX_BYTES);
}
