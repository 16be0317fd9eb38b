/** Reads a file of frames from start to end: finds frames, rows of frames, tags and padding. */
import type { FrameFormat, MpegFrame } from '../mpegFrames.ts';
import { BYTE_ORDER_MARK, tagBytes } from '../leadIn.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';

/** How many bytes are read at a time. */
const WINDOW_BYTES = 64 * 1024;

/** Bytes of the longest tag header: that of APE. */
const APE_HEAD_BYTES = 32;

/** Bytes of the longest header. */
const HEADER_BYTES = 8;

export class FrameWindow {
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
