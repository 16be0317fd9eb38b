/**
 * The frames of an MP3, AAC or AMR file, found by their headers. They have no time stamps, and FFmpeg skips damage between
 * them. So a file is divided into parts at the damage. The time between two parts follows from the number of frames that the
 * file claims, or from the bytes.
 */
import type { FrameFormat, MpegFrame } from '../mpegFrames.ts';
import { mp3Claim } from './claims.ts';
import { BYTE_ORDER_MARK, tagBytes } from '../leadIn.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
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

/** How many bytes are read at a time. */
const WINDOW_BYTES = 64 * 1024;

/** Bytes of the longest tag header: that of APE. */
const APE_HEAD_BYTES = 32;

/** Bytes of the longest header. */
const HEADER_BYTES = 8;

/** A claim of bytes that is so many times the size of the file is damaged, or was made before the size was known. */
const MAX_CLAIM = 4;

interface Run {
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
  const bytes = new Window(file, format);
  const tagsEnd = format.magicBytes > 0 ? format.magicBytes : bytes.afterTags(0);
  const first = bytes.findChain(tagsEnd, null);
  const sample = first === null ? null : bytes.frameAt(first);
  if (first === null || sample === null) return whole;
  const runs: Run[] = [];
  let { kind } = sample;
  for (let at: number | null = first; at !== null;) {
    const run: Run = readRun(bytes, at, kind);
    if (runs.push(run) > maxParts) return whole;
    if (run.end >= file.size) break;
    // Behind tags another file may follow. A frame that was cut short ends before its stated size, so the search begins within
    // it.
    const edge = bytes.afterTags(run.end);
    const from = bytes.isTag(run.end) ? edge : Math.min(run.lastFrame + 4, run.end);
    // Frames of another rate may follow directly: another file, or a recorder that changed its settings.
    const following = bytes.kindOfChain(edge);
    kind = following ?? kind;
    at = following === null ? bytes.findChain(from, kind) : edge;
    if (at !== null) run.end = Math.min(run.end, at);
  }
  const end = runs.at(-1)?.end ?? file.size;
  const tailFrames = tailBytes(file, runs, bytes) / (runs.at(-1)?.lastMean ?? 1);
  const secondsOf = (run: Run | undefined, frames: number): number => frames * (run?.frameSeconds ?? 0);
  const tailSeconds = secondsOf(runs.at(-1), tailFrames);
  const seconds = (run: Run | undefined): number => secondsOf(run, run?.frames ?? 0);
  if (runs.length === 1 && first === tagsEnd) {
    const view = end < file.size ? stretchesOf(file, [{ start: 0, size: end }]) : file;
    return [{ view, lostSeconds: 0, tailSeconds, seconds: seconds(runs[0]) }];
  }
  const gaps = runs.map(
    ({ start }, i) =>
      start - (i === 0 ? bytes.afterPadding(tagsEnd, first) : bytes.afterTags(runs[i - 1]?.end ?? start)),
  );
  const lost = lostFrames(file, runs, gaps, bytes).map((frames, i) => secondsOf(runs[i], frames));
  return runs.map((run, i) => {
    const isWholeStart = i === 0 && first === tagsEnd;
    const isLast = i === runs.length - 1;
    const stretch = { start: run.start, size: run.end - run.start };
    const ranges = isWholeStart
      ? [{ start: 0, size: stretch.start + stretch.size }]
      : [{ start: 0, size: format.magicBytes }, stretch];
    const view = stretchesOf(file, ranges);
    return { view, lostSeconds: lost[i] ?? 0, tailSeconds: isLast ? tailSeconds : 0, seconds: seconds(run) };
  });
}

/** Where frames of another format follow directly behind those of a stream, or behind its tags; null if none do. */
export function edgeOfFormats(file: FileView, start: number, format: FrameFormat, other: FrameFormat): number | null {
  const [own, others] = [new Window(file, format), new Window(file, other)];
  for (let at = own.findChain(own.afterTags(start), null); at !== null;) {
    const { end } = readRun(own, at, own.frameAt(at)?.kind ?? 0);
    const edge = own.afterTags(end);
    if (edge < file.size && others.kindOfChain(edge) !== null) return end;
    at = own.findChain(Math.max(at + 1, edge), null);
  }
  return null;
}

function readRun(bytes: Window, start: number, kind: number): Run {
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
 * The frames lost before each run. If the file claims a number of frames and is not cut off, the missing frames are distributed
 * over the gaps by their bytes; else each gap is measured by its own bytes.
 */
function lostFrames(file: FileView, runs: readonly Run[], gaps: readonly number[], bytes: Window): number[] {
  const frames = framesIn(runs);
  const claim = claimedFrames(file, runs, bytes);
  const end = runs.at(-1)?.end ?? 0;
  const isWhole = end >= file.size || bytes.isTag(end);
  const missing = claim === null || !isWhole ? null : claim - frames;
  if (missing === null || missing < 0) {
    return gaps.map((gap, i) => gap / frameBytesAt(runs[i - 1], runs[i]));
  }
  const weights = gaps.map((gap, i) => (i === 0 ? gap : gap + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (total === 0 ? 0 : (missing * weight) / total));
}

function framesIn(runs: readonly Run[]): number {
  return runs.reduce((sum, run) => sum + run.frames, 0);
}

/** How many frames a file claims to have; null if it claims nothing, or many times its size. */
function claimedFrames(file: FileView, runs: readonly Run[], { format }: Window): number | null {
  if (format.bytes === undefined) {
    const claim = mp3Claim(file);
    return claim === null ? null : claim.frames + 1; // it does not count the frame that contains it
  }
  const bytes = runs.reduce((sum, { start, end }) => sum + end - start, 0);
  return format.bytes > MAX_CLAIM * file.size ? null : Math.round((format.bytes * framesIn(runs)) / bytes);
}

/** The size of a lost frame between two runs: the mean of the frames beside the gap, bytes. */
function frameBytesAt(before: Run | undefined, behind: Run | undefined): number {
  const means = [before?.lastMean, behind?.firstMean].filter((mean) => mean !== undefined);
  return means.reduce((sum, mean) => sum + mean, 0) / means.length;
}

/** Bytes behind the last frame that are not tags or padding. Zeros are padding if the file has all frames that it claims. */
function tailBytes(file: FileView, runs: readonly Run[], window: Window): number {
  const end = window.afterTags(runs.at(-1)?.end ?? file.size);
  if (window.isTag(end)) return 0;
  const { bytes, zeros } = tailOf(file, end);
  const claim = claimedFrames(file, runs, window);
  return claim !== null && framesIn(runs) >= claim ? bytes : bytes + zeros;
}

function stretchesOf(file: FileView, ranges: FileView['ranges']): FileView {
  const from = file.ranges[0]?.start ?? 0;
  return {
    fd: file.fd,
    ranges: ranges.filter(({ size }) => size > 0).map(({ start, size }) => ({ start: from + start, size })),
    size: ranges.reduce((sum, { size }) => sum + size, 0),
  };
}

/** A window on a file that is read from start to end. */
class Window {
  readonly format: FrameFormat;
  readonly #file: FileView;
  #start = 0;
  #bytes = Buffer.alloc(0);

  constructor(file: FileView, format: FrameFormat) {
    this.#file = file;
    this.format = format;
  }

  /** Up to `length` bytes at a position, at most {@link WINDOW_BYTES}. */
  at(position: number, length: number): Buffer {
    if (position < this.#start || position + length > this.#start + this.#bytes.length) {
      this.#start = position;
      this.#bytes = Buffer.from(readView(this.#file, position, WINDOW_BYTES));
    }
    return this.#bytes.subarray(position - this.#start, position - this.#start + length);
  }

  isTag(position: number): boolean {
    return /^(TAG|APE|LYR|ID3)/.test(this.at(position, 4).toString('latin1'));
  }

  /** Where the tags that begin at a position end, if they state their size; not beyond the end of the file. */
  afterTags(position: number): number {
    let at = position;
    for (let size = this.#tagBytes(at); size > 0 && at < this.#file.size; size = this.#tagBytes(at)) at += size;
    return Math.min(at, this.#file.size);
  }

  /**
   * The size of a tag, bytes: ID3v2 states it in four bytes of seven bits, ID3v1 always has 128, APE does not count its header.
   */
  #tagBytes(position: number): number {
    const head = this.at(position, APE_HEAD_BYTES);
    const name = head.toString('latin1', 0, 3);
    if (name === 'TAG') return 128;
    if (name === 'APE') return head.length === APE_HEAD_BYTES ? APE_HEAD_BYTES + head.readUInt32LE(12) : 0;
    return tagBytes(head, 0);
  }

  /** @returns null if no frame of this kind begins at the position, or if it does not end within the file */
  frameAt(position: number, kind: number | null = null): MpegFrame | null {
    const frame = this.format.header(this.at(position, HEADER_BYTES), 0);
    const fits = frame !== null && (kind === null || frame.kind === kind);
    return fits && position + frame.bytes <= this.#file.size ? frame : null;
  }

  /** The first position in a stretch whose byte is not zero; the end of the stretch if there is none. */
  afterZeros(from: number, to: number): number {
    for (let at = from; at < to;) {
      this.at(at, 1);
      const bytes = this.#bytes.subarray(at - this.#start);
      const found = bytes.findIndex((byte) => byte !== 0);
      if (found >= 0) return Math.min(to, at + found);
      at += Math.max(1, bytes.length);
    }
    return to;
  }

  /** The first position behind zeros and a byte order mark. */
  afterPadding(from: number, to: number): number {
    const mark = this.afterZeros(from, to);
    const isMark = this.at(mark, 3).equals(BYTE_ORDER_MARK);
    return isMark ? this.afterZeros(Math.min(to, mark + 3), to) : mark;
  }

  /** The kind of the row of frames that begins at a position; null if none does. */
  kindOfChain(position: number): number | null {
    return this.#isChain(position, null) ? (this.frameAt(position)?.kind ?? null) : null;
  }

  /** Where the next row of frames begins; null if there is none. */
  findChain(from: number, kind: number | null): number | null {
    const { sync } = this.format;
    for (let at = from; at + 4 <= this.#file.size;) {
      this.at(at, 4);
      const next = sync === null ? at - this.#start : this.#bytes.indexOf(sync, at - this.#start);
      if (next < 0) {
        at = this.#start + this.#bytes.length;
        continue;
      }
      at = this.#start + next;
      if (this.#isChain(at, kind)) return at;
      at++;
    }
    return null;
  }

  #isChain(position: number, kind: number | null): boolean {
    let at = position;
    let expected = kind;
    for (let i = 0; i < this.format.proof; i++) {
      const frame = this.frameAt(at, expected);
      if (frame === null) return i > 0 && at >= this.#file.size;
      expected = frame.kind;
      at += frame.bytes;
    }
    return true;
  }
}
