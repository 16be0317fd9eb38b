/** What lies at one offset of a `.bin` recording: the length that stands there, and the frame that this length leads to. */
import { LIMITS } from 'offline-audio-sync-contract';
import { ByteWindow } from './byteWindow.ts';
import { isOpus } from './format.ts';
import type { FramedFormat } from './format.ts';
import { isHole, opusPacketSamples48k } from './opusPacket.ts';

export const LENGTH_BYTES = 4;
/** Bytes of the largest frame, its length included. */
export const MAX_FRAME = LENGTH_BYTES + LIMITS.maxFrameBytes;

export interface Frame {
  readonly kind: 'frame';
  readonly offset: number;
  readonly end: number;
  readonly payload: Uint8Array;
  /** The duration: samples at 48 kHz for Opus, bytes for PCM. Null if it cannot be a frame of this codec. */
  readonly measure: number | null;
}

/**
 * `cut`: the length, or the frame that it announces, is not here in full. `end`: no byte is here. Before the end of the input
 * both mean that more bytes are needed.
 */
export type FrameAt = Frame | { readonly kind: 'empty' | 'bad_length' | 'cut' | 'end' };

/** The bytes that a reader still needs. They can be read as frames at any offset. */
export class FrameBytes {
  readonly #opus: boolean;
  readonly #window = new ByteWindow();
  /** The frame that was read last. It is often the frame that is asked for next. */
  #seen: Frame | null = null;
  /** The stretch of zeros that was found last: `[from, to)`. */
  #zerosFrom = 0;
  #zerosTo = 0;
  #ended = false;

  constructor(format: FramedFormat) {
    this.#opus = isOpus(format);
  }

  /** The offset behind the last byte that has arrived. */
  get end(): number {
    return this.#window.end;
  }

  /** Whether no more bytes will come. */
  get ended(): boolean {
    return this.#ended;
  }

  append(bytes: Uint8Array): void {
    this.#window.append(bytes);
  }

  close(): void {
    this.#ended = true;
  }

  discardBefore(offset: number): void {
    this.#window.discardBefore(offset);
  }

  view(from: number, to: number): Uint8Array {
    return this.#window.view(from, to);
  }

  /** The length at `offset`. All four bytes of it must have arrived. */
  length(offset: number): number {
    return this.#window.uint32(offset);
  }

  /** Where the frame at `offset` ends, or why there is none. Its content is not read. */
  next(offset: number): number | 'bad_length' | 'cut' | 'end' {
    const available = this.#window.end - offset;
    if (available === 0) return 'end';
    if (available < LENGTH_BYTES) return 'cut';
    const length = this.#window.uint32(offset);
    if (length > LIMITS.maxFrameBytes) return 'bad_length';
    return available < LENGTH_BYTES + length ? 'cut' : offset + LENGTH_BYTES + length;
  }

  at(offset: number): FrameAt {
    if (this.#seen?.offset === offset) return this.#seen;
    const end = this.next(offset);
    if (typeof end === 'string') return { kind: end };
    if (end === offset + LENGTH_BYTES) return { kind: 'empty' };
    const payload = this.#window.view(offset + LENGTH_BYTES, end);
    this.#seen = { kind: 'frame', offset, end, payload, measure: this.#measure(payload) };
    return this.#seen;
  }

  /** The measure of these bytes if they are the payload of one frame. */
  measureOf(from: number, to: number): number | null {
    return this.#measure(this.#window.view(from, to));
  }

  /** The offset of the next `byte` in `[from, to)`, or `to`. */
  find(byte: number, from: number, to: number): number {
    return Math.min(this.#window.find(byte, from), to);
  }

  /** The offset of the next byte other than `byte` in `[from, to)`, or `to`. */
  findOther(byte: number, from: number, to: number): number {
    return Math.min(this.#window.findOther(byte, from), to);
  }

  /** The offset of the next possible length at or after `from`. The highest byte of every valid length is 0. */
  nextCandidate(from: number): number {
    return this.#window.find(0, from + LENGTH_BYTES - 1) - (LENGTH_BYTES - 1);
  }

  /** How many empty frames follow one another from `offset` on. */
  emptyFrom(offset: number): number {
    return Math.floor((this.afterZeros(offset) - offset) / LENGTH_BYTES);
  }

  /** Where the row of empty frames that starts at `offset` ends. */
  afterEmpty(offset: number): number {
    return offset + LENGTH_BYTES * this.emptyFrom(offset);
  }

  /** Where the zeros that start at `offset` end, as far as they have arrived. */
  afterZeros(offset: number): number {
    const isInside = offset >= this.#zerosFrom && offset <= this.#zerosTo;
    if (!isInside) this.#zerosFrom = offset;
    this.#zerosTo = this.#window.findOther(0, isInside ? this.#zerosTo : offset);
    return this.#zerosTo;
  }

  /** How many lengths of 0 stand directly before `end`, none of them before `start`. */
  emptyBefore(end: number, start: number): number {
    let count = 0;
    while (end - LENGTH_BYTES * (count + 1) >= start && this.length(end - LENGTH_BYTES * (count + 1)) === 0) count++;
    return count;
  }

  #measure(payload: Uint8Array): number | null {
    if (!this.#opus) return payload.length;
    return isHole(payload) ? null : opusPacketSamples48k(payload);
  }
}
