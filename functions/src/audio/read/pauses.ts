/**
 * Tells what zeros between frames are: empty frames, which a recorder writes in a pause, or storage that lost its content. Both
 * read as lengths of 0.
 */
import { LENGTH_BYTES, MAX_FRAME } from './frameBytes.ts';
import type { Frame, FrameBytes } from './frameBytes.ts';
import type { OrdinaryFrames } from './ordinaryFrames.ts';
import { SECTOR_BYTES } from './sectors.ts';

/**
 * Bytes of zero, counted from the start of a frame, that may be a lost sector. The sector may begin with the last bytes of the
 * frame before.
 */
const LEAST_ZEROS = SECTOR_BYTES - LENGTH_BYTES + 1;
/** Zeros of at least this many bytes are a pause: storage erases fewer bytes at a time. */
const MAX_ZEROED_BYTES = 256 * 1024;

export class Pauses {
  readonly #bytes: FrameBytes;
  readonly #ordinary: OrdinaryFrames;
  #isOpen = false;
  /** Where the zeros directly before the reader's position begin. Empty frames are not counted among them. */
  #zerosFrom = 0;

  constructor(bytes: FrameBytes, ordinary: OrdinaryFrames) {
    this.#bytes = bytes;
    this.#ordinary = ordinary;
  }

  /** Whether the bytes before the reader's position are those of an empty frame. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The reader has accepted a frame. */
  endWith(frame: Frame): void {
    this.#isOpen = false;
    this.#zerosFrom = frame.end - this.#zerosEnding(frame);
  }

  /** The reader has reported damage. */
  endWithDamage(): void {
    this.#isOpen = false;
  }

  /** The reader has accepted empty frames. @param end where the last of them ends */
  continueTo(end: number): void {
    this.#isOpen = true;
    this.#zerosFrom = end;
  }

  /**
   * Where the proof by the chain must begin. A stretch of zeros as large as a sector is left out, because its lengths of 0 lead
   * to one another.
   */
  behindZeros(position: number): number | 'unknown' {
    const to = this.#bytes.afterZeros(position);
    const isHere = to < this.#bytes.end || this.#bytes.ended || to - position >= MAX_ZEROED_BYTES;
    if (!isHere) return 'unknown';
    const isLarge = to - position >= LEAST_ZEROS && to - position < MAX_ZEROED_BYTES;
    return isLarge ? this.#bytes.afterEmpty(position) : position;
  }

  /** Whether lengths of 0 at `offset`, on a chain that breaks, are empty frames. */
  isPause(offset: number): boolean | 'unknown' {
    const next = this.#bytes.at(this.#bytes.afterEmpty(offset));
    if (next.kind === 'frame' ? this.#ordinary.fits(next) : next.kind === 'end') return true;
    if (!this.#isLong(offset, offset - this.#zerosFrom)) return false;
    const isZeroed = this.#isZeroed(offset);
    return isZeroed === 'unknown' ? isZeroed : !isZeroed;
  }

  /**
   * Whether the zeros up to the end of the recording are storage that was never written. They are if they begin at the start of
   * a sector: empty frames that a recorder wrote begin anywhere.
   */
  isZeroedTail(position: number): boolean {
    const to = this.#bytes.afterZeros(position);
    if (!this.#bytes.ended || to < this.#bytes.end || this.#zerosFrom === 0) return false;
    const bytes = to - this.#zerosFrom;
    const bytesToSector = -this.#zerosFrom & (SECTOR_BYTES - 1);
    return bytes >= LEAST_ZEROS && bytes < MAX_ZEROED_BYTES && bytesToSector < LENGTH_BYTES;
  }

  /** Whether a pause that needs no further proof begins where a frame ends. */
  isLongBehind(frame: Frame): boolean {
    return this.#isLong(frame.end, this.#zerosEnding(frame));
  }

  /**
   * @returns how many empty frames lie directly before the frame at which reading continues: a pause whose beginning is damaged
   */
  emptyFramesBefore(end: number, start: number): number {
    if (this.#ordinary.isOneFrame(start, end)) return 0;
    const count = this.#bytes.emptyBefore(end, Math.max(start, end - MAX_FRAME));
    return this.#isOpen || this.#ordinary.isLong(count) ? count : 0;
  }

  /**
   * Whether zeros at the start of a frame are a damaged sector. They are if frames continue where they would without the
   * damage, or if the zeros fill whole sectors.
   */
  #isZeroed(offset: number): boolean | 'unknown' {
    const zeros = this.#bytes.afterZeros(offset) - offset;
    if (zeros < LEAST_ZEROS) return false;
    const frameBytes = this.#ordinary.regularBytes;
    const goesOn =
      frameBytes !== null && this.#ordinary.startsChain(offset + Math.ceil(zeros / frameBytes) * frameBytes);
    return goesOn || (zeros - LEAST_ZEROS) % SECTOR_BYTES < 2 * LENGTH_BYTES - 1;
  }

  /**
   * Whether zeros are a pause without further proof: they begin where a frame ends, and there are more of them than the largest
   * frame has bytes.
   */
  #isLong(offset: number, zerosBefore: number): boolean {
    return zerosBefore < LENGTH_BYTES && this.#ordinary.isLong(this.#bytes.emptyFrom(offset));
  }

  /**
   * @returns how many zeros a frame ends with, bytes; the length may end with some of them. Zeros behind such a frame need not
   * be empty frames.
   */
  #zerosEnding({ offset, end, payload }: Frame): number {
    // Nearly every frame ends with another byte, and a view of each frame would cost more than the rest of reading it.
    if (payload[payload.length - 1] !== 0) return 0;
    return end - offset - 1 - this.#bytes.view(offset, end).findLastIndex((byte) => byte !== 0);
  }
}
