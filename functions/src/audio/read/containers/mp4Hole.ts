/**
 * Repairs an MP4 file whose data lacks bytes, or has too many. Its index states where each sample begins, so all samples behind
 * such a place are read from wrong bytes. The position at which the data ends shows how many bytes are missing. The samples
 * show where: the first bits of each are nearly always the same (the element of AAC or ALAC, the configuration of Opus), and
 * behind the place they stand earlier by that number of bytes.
 */
import type { FileHandle } from 'node:fs/promises';
import { readAt } from './fileView.ts';
import type { Box } from './mp4Box.ts';
import { soundOffsets } from './mp4Samples.ts';

/** The largest index, bytes. The index of 8 hours of AAC has 6 MB. */
export const MAX_INDEX_BYTES = 32 * 1024 * 1024;

const WINDOW_BYTES = 256 * 1024;

/** So many more samples must begin with the usual bits at the earlier place than at the stated one. */
const LEAST_PROOF = 8;

/** The inserted bytes. No decoder reads them as audio: in AAC they mean a layout of 41 channels. */
const FILLER = 0xa5;

/**
 * Inserts as many bytes as are missing, or removes those that are too many, so that the index is right again.
 * @param missing bytes; negative if there are too many
 * @returns whether the place was found
 */
export async function fillHole(file: FileHandle, index: Box, missing: number): Promise<boolean> {
  const { size: fileBytes } = await file.stat();
  if (missing === 0 || Math.abs(missing) > fileBytes || index.size > MAX_INDEX_BYTES) return false;
  const offsets = soundOffsets(await readAt(file, index.start, index.size));
  const behind = offsets === null ? null : await firstBehind({ file, fileBytes }, offsets, missing);
  if (behind === null) return false;
  await move(file, behind - missing, behind, fileBytes);
  if (missing > 0) await file.write(Buffer.alloc(missing, FILLER), 0, missing, behind - missing);
  return true;
}

interface OpenFile {
  readonly file: FileHandle;
  readonly fileBytes: number;
}

/**
 * The position, by the index, of the first sample that stands earlier; null if none does.
 */
async function firstBehind(file: OpenFile, offsets: readonly number[], missing: number): Promise<number | null> {
  const [here, earlier] = [await startsAt(file, offsets, 0), await startsAt(file, offsets, missing)];
  const usual = mostFrequent([here, earlier]);
  let proof = 0;
  let most = { proof: 0, behind: -1 };
  let seen = 0;
  for (let i = offsets.length - 1; i >= 0; i--) {
    if (here[i] === ABSENT) continue; // beyond the end of a file that was cut off
    seen++;
    proof += Number(earlier[i] === usual) - Number(here[i] === usual);
    if (proof > most.proof && 2 * proof > seen) most = { proof, behind: offsets[i] ?? -1 };
  }
  return most.proof < LEAST_PROOF ? null : most.behind;
}

/** Stands for the first bits of a sample that begins beyond the end of the file. */
const ABSENT = 128;

/** The first seven bits of each sample, read `earlier` bytes before its stated position. */
async function startsAt(
  { file, fileBytes }: OpenFile,
  offsets: readonly number[],
  earlier: number,
): Promise<Uint8Array> {
  const starts = new Uint8Array(offsets.length).fill(ABSENT);
  let window: Buffer = Buffer.alloc(0);
  let from = 0;
  for (const [i, offset] of offsets.entries()) {
    const at = offset - earlier;
    if (at < 0 || at >= fileBytes) continue;
    if (at < from || at >= from + window.length) {
      from = at;
      window = await readAt(file, at, WINDOW_BYTES);
    }
    starts[i] = window.readUInt8(at - from) >> 1;
  }
  return starts;
}

function mostFrequent(starts: readonly Uint8Array[]): number {
  const counts = new Uint32Array(ABSENT + 1);
  for (const each of starts) for (const start of each) counts[start] = (counts[start] ?? 0) + 1;
  const known = counts.subarray(0, ABSENT);
  return known.indexOf(Math.max(...known));
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
