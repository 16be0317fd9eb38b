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
  const isUsual = usualStart([here, earlier]);
  let proof = 0;
  let most = { proof: 0, behind: -1 };
  let seen = 0;
  for (let i = offsets.length - 1; i >= 0; i--) {
    const start = here[i] ?? ABSENT;
    if (start === ABSENT) continue; // beyond the end of a file that was cut off
    seen++;
    proof += Number(isUsual(earlier[i] ?? ABSENT)) - Number(isUsual(start));
    if (proof > most.proof && 2 * proof > seen) most = { proof, behind: offsets[i] ?? -1 };
  }
  return most.proof < LEAST_PROOF ? null : most.behind;
}

/** Stands for the first bits of a sample that begins beyond the end of the file. */
const ABSENT = -1;

/** How many bytes of a sample are read. */
const START_BYTES = 6;

/**
 * How many of the first bits are compared. Packets of ALAC begin with five zeros, so that a few bits look the same a byte earlier;
 * packets of AAC have no more than seven bits in common.
 */
const [MANY_BITS, FEW_BITS] = [8 * START_BYTES, 7];

/** Many bits are compared if this share of all reads agrees in them. Half of the reads are of true beginnings. */
const USUAL_SHARE = 0.3;

/** How many reads are counted. */
const COUNTED = 20_000;

/** The first bytes of each sample as a number, read `earlier` bytes before its stated position. */
async function startsAt(
  { file, fileBytes }: OpenFile,
  offsets: readonly number[],
  earlier: number,
): Promise<Float64Array> {
  const starts = new Float64Array(offsets.length).fill(ABSENT);
  let window: Buffer = Buffer.alloc(0);
  let from = 0;
  for (const [i, offset] of offsets.entries()) {
    const at = offset - earlier;
    if (at < 0 || at + START_BYTES > fileBytes) continue;
    if (at < from || at + START_BYTES > from + window.length) {
      from = at;
      window = await readAt(file, at, WINDOW_BYTES);
    }
    starts[i] = window.readUIntBE(at - from, START_BYTES);
  }
  return starts;
}

/** @returns a test of whether a sample begins with the most frequent bits */
function usualStart(reads: readonly Float64Array[]): (start: number) => boolean {
  const counted = reads.flatMap((starts) => {
    const step = Math.ceil(starts.length / COUNTED);
    return [...starts.filter((start, i) => start !== ABSENT && i % step === 0)];
  });
  const firstOf = (bits: number) => (start: number) => Math.floor(start / 2 ** (MANY_BITS - bits));
  const many = mostFrequent(counted);
  const [firstBits, usual] =
    many.count > USUAL_SHARE * counted.length
      ? [firstOf(MANY_BITS), many.value]
      : [firstOf(FEW_BITS), mostFrequent(counted.map(firstOf(FEW_BITS))).value];
  return (start) => start !== ABSENT && firstBits(start) === usual;
}

function mostFrequent(values: readonly number[]): { readonly value: number; readonly count: number } {
  const counts = new Map<number, number>();
  let most = { value: ABSENT, count: 0 };
  for (const value of values) {
    const count = (counts.get(value) ?? 0) + 1;
    counts.set(value, count);
    if (count > most.count) most = { value, count };
  }
  return most;
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
