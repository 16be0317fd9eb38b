/** Makes the bytes of a file stand where its index says, although some are missing in its data, or there are too many. */
import type { FileHandle } from 'node:fs/promises';
import { readAt } from './fileView.ts';
import type { Hole } from './sampleShifts.ts';

const WINDOW_BYTES = 256 * 1024;

/** The inserted bytes. No decoder reads them as audio: in AAC they mean a layout of 41 channels. */
const FILLER = 0xa5;

/** Inserts as many bytes as are missing in each hole, or removes those that are too many. */
export async function fillHoles(file: FileHandle, holes: readonly Hole[]): Promise<void> {
  let end = (await file.stat()).size;
  for (const { behind, bytes } of holes) {
    await move(file, behind - bytes, behind, end);
    if (bytes > 0) await file.write(Buffer.alloc(bytes, FILLER), 0, bytes, behind - bytes);
    end += bytes;
  }
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
