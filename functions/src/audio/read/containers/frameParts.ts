/**
 * The frames of an MP3, AAC or AMR file, found by their headers. They have no time stamps, and FFmpeg skips damage between
 * them. So a file is divided into parts at the damage. The time between two parts follows from the number of frames that the
 * file claims, or from the bytes.
 */
import type { FrameFormat } from '../mpegFrames.ts';
import { mp3Claim } from './claims.ts';
import type { FileView } from './fileView.ts';
import { FrameWindow } from './frameWindow.ts';
import { tailOf } from './tail.ts';

/** A row of frames without a break. */
export interface FramePart {
  readonly view: FileView;
  /** The audio lost before it, seconds. */
  readonly lostSeconds: number;
  /** The audio lost behind it, seconds, by the bytes at the end of the file that are not frames, tags or padding. */
  readonly tailSeconds: number;
  /** The duration of its frames. */
  readonly seconds: number;
}

/**
 * The size of frames beside damage is averaged over so many frames: frames of speech are ten times as large as frames of
 * pauses.
 */
const MEAN_FRAMES = 25;

/** A claim of bytes that is so many times the size of the file is damaged, or was made before the size was known. */
const MAX_CLAIM = 4;

interface Row {
  readonly start: number;
  end: number;
  readonly frames: number;
  readonly frameSeconds: number;
  readonly lastFrame: number;
  /** The mean size of its first frames, and of its last frames, bytes. */
  readonly firstMean: number;
  readonly lastMean: number;
}

/**
 * Divides a file into rows of frames.
 * @param maxParts each part is opened separately, so a file with more damaged places is not divided
 * @returns the parts in order; the file as one part if nothing is damaged, or if it has no frames that are known
 */
export function frameParts(file: FileView, format: FrameFormat, maxParts: number): readonly FramePart[] {
  const whole = [{ view: file, lostSeconds: 0, tailSeconds: 0, seconds: 0 }];
  const bytes = new FrameWindow(file, format);
  const tagsEnd = format.magicBytes > 0 ? format.magicBytes : bytes.afterTags(0);
  const first = bytes.findChain(tagsEnd, null);
  const rows = first === null ? null : rowsFrom(bytes, first, file.size, maxParts);
  if (first === null || rows === null) return whole;
  const end = rows.at(-1)?.end ?? file.size;
  const tailFrames = tailBytes(file, rows, bytes) / (rows.at(-1)?.lastMean ?? 1);
  const secondsOf = (row: Row | undefined, frames: number): number => frames * (row?.frameSeconds ?? 0);
  const tailSeconds = secondsOf(rows.at(-1), tailFrames);
  const seconds = (row: Row | undefined): number => secondsOf(row, row?.frames ?? 0);
  if (rows.length === 1 && first === tagsEnd) {
    const view = end < file.size ? stretchesOf(file, [{ start: 0, size: end }]) : file;
    return [{ view, lostSeconds: 0, tailSeconds, seconds: seconds(rows[0]) }];
  }
  const gaps = rows.map(
    ({ start }, i) =>
      start - (i === 0 ? bytes.afterPadding(tagsEnd, first) : bytes.afterTags(rows[i - 1]?.end ?? start)),
  );
  const lost = lostFrames(file, rows, gaps, bytes).map((frames, i) => secondsOf(rows[i], frames));
  return rows.map((row, i) => {
    const isWholeStart = i === 0 && first === tagsEnd;
    const isLast = i === rows.length - 1;
    const stretch = { start: row.start, size: row.end - row.start };
    const ranges = isWholeStart
      ? [{ start: 0, size: stretch.start + stretch.size }]
      : [{ start: 0, size: format.magicBytes }, stretch];
    const view = stretchesOf(file, ranges);
    return { view, lostSeconds: lost[i] ?? 0, tailSeconds: isLast ? tailSeconds : 0, seconds: seconds(row) };
  });
}

/** The rows of a file. @param first where the first one begins. @returns null if there are too many, or none */
function rowsFrom(bytes: FrameWindow, first: number, fileBytes: number, maxRows: number): Row[] | null {
  const sample = bytes.frameAt(first);
  if (sample === null) return null;
  const rows: Row[] = [];
  let { kind } = sample;
  for (let at: number | null = first; at !== null;) {
    const row: Row = readRow(bytes, at, kind);
    if (rows.push(row) > maxRows) return null;
    if (row.end >= fileBytes) break;
    // Another file may follow behind tags. A frame that was cut short ends before its stated size, so the search begins within it.
    const edge = bytes.afterTags(row.end);
    const from = bytes.isTag(row.end) ? edge : Math.min(row.lastFrame + 4, row.end);
    // Frames of another rate may follow directly: another file, or a recorder that changed its settings.
    const following = bytes.kindOfChain(edge);
    kind = following ?? kind;
    at = following === null ? bytes.findChain(from, kind) : edge;
    if (at !== null) row.end = Math.min(row.end, at);
  }
  return rows;
}

/** Where frames of another format follow directly behind those of a stream, or behind its tags; null if none do. */
export function edgeOfFormats(file: FileView, start: number, format: FrameFormat, other: FrameFormat): number | null {
  const [own, others] = [new FrameWindow(file, format), new FrameWindow(file, other)];
  for (let at = own.findChain(own.afterTags(start), null); at !== null;) {
    const { end } = readRow(own, at, own.frameAt(at)?.kind ?? 0);
    const edge = own.afterTags(end);
    if (edge < file.size && others.kindOfChain(edge) !== null) return end;
    at = own.findChain(Math.max(at + 1, edge), null);
  }
  return null;
}

function readRow(bytes: FrameWindow, start: number, kind: number): Row {
  let end = start;
  let lastFrame = start;
  let frames = 0;
  let firstMean = 0;
  let lastMean = 0;
  let frameSeconds = 0;
  for (let frame = bytes.frameAt(end, kind); frame !== null; frame = bytes.frameAt(end, kind)) {
    lastFrame = end;
    end += frame.bytes;
    frames++;
    frameSeconds = frame.samples / frame.sampleRate;
    lastMean += (frame.bytes - lastMean) / Math.min(frames, MEAN_FRAMES);
    if (frames <= MEAN_FRAMES) firstMean = lastMean;
  }
  return { start, end, frames, frameSeconds, lastFrame, firstMean, lastMean };
}

/**
 * The frames lost before each row. If the file claims a number of frames and is not cut off, the missing frames are distributed
 * over the gaps by their bytes; else each gap is measured by its own bytes.
 */
function lostFrames(file: FileView, rows: readonly Row[], gaps: readonly number[], bytes: FrameWindow): number[] {
  const frames = framesIn(rows);
  const claim = claimedFrames(file, rows, bytes);
  const end = rows.at(-1)?.end ?? 0;
  const isWhole = end >= file.size || bytes.isTag(end);
  const missing = claim === null || !isWhole ? null : claim - frames;
  if (missing === null || missing < 0) {
    return gaps.map((gap, i) => gap / frameBytesAt(rows[i - 1], rows[i]));
  }
  const weights = gaps.map((gap, i) => (i === 0 ? gap : gap + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (total === 0 ? 0 : (missing * weight) / total));
}

function framesIn(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + row.frames, 0);
}

/** How many frames a file claims to have; null if it claims nothing, or many times its size. */
function claimedFrames(file: FileView, rows: readonly Row[], { format }: FrameWindow): number | null {
  if (format.bytes === undefined) {
    const claim = mp3Claim(file);
    return claim === null ? null : claim.frames + 1; // it does not count the frame that contains it
  }
  const bytes = rows.reduce((sum, { start, end }) => sum + end - start, 0);
  return format.bytes > MAX_CLAIM * file.size ? null : Math.round((format.bytes * framesIn(rows)) / bytes);
}

/** The size of a lost frame between two rows: the mean of the frames beside the gap, bytes. */
function frameBytesAt(before: Row | undefined, behind: Row | undefined): number {
  const means = [before?.lastMean, behind?.firstMean].filter((mean) => mean !== undefined);
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}

/** Bytes behind the last frame that are not tags or padding. Zeros are padding if the file has all frames that it claims. */
function tailBytes(file: FileView, rows: readonly Row[], window: FrameWindow): number {
  const end = window.afterTags(rows.at(-1)?.end ?? file.size);
  if (window.isTag(end)) return 0;
  const { bytes, zeros } = tailOf(file, end);
  const claim = claimedFrames(file, rows, window);
  return claim !== null && framesIn(rows) >= claim ? bytes : bytes + zeros;
}

function stretchesOf(file: FileView, ranges: FileView['ranges']): FileView {
  const from = file.ranges[0]?.start ?? 0;
  return {
    fd: file.fd,
    ranges: ranges.filter(({ size }) => size > 0).map(({ start, size }) => ({ start: from + start, size })),
    size: ranges.reduce((sum, { size }) => sum + size, 0),
  };
}
