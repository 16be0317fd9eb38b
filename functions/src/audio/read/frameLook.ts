/** What stands at one offset of a `.bin` recording: the length there, and what it leads to. */
import { LIMITS } from 'offline-audio-sync-contract';
import { ByteWindow } from './byteWindow.ts';
import { isOpus } from './format.ts';
import type { FramedFormat } from './format.ts';
import { isHole, opusPacketSamples48k } from './opusPacket.ts';

export const LENGTH_BYTES = 4;
/** Bytes of the largest frame with its length. */
export const MAX_FRAME = LENGTH_BYTES + LIMITS.maxFrameBytes;

export interface Frame {
  readonly kind: 'frame';
  readonly offset: number;
  readonly end: number;
  readonly payload: Uint8Array;
  /** How long it sounds. Opus: samples at 48 kHz, PCM: bytes. Null: it cannot be a frame of this codec. */
  readonly measure: number | null;
}

/** `cut`: the length, or what it announces, is not here in full. `end`: nothing is here. Both mean "not yet" before the end. */
export type Look = Frame | { readonly kind: 'empty' | 'bad_length' | 'cut' | 'end' };

/** The bytes that a reader still needs, read as frames at any offset. */
export class FrameLook {
  readonly #opus: boolean;
  readonly #window = new ByteWindow();
  /** The last frame looked at: often the one that is asked for next. */
  #seen: Frame | null = null;
  /** A stretch of zeros that was found: `[from, to)`. */
  #zerosFrom = 0;
  #zerosTo = 0;
  #ended = false;

  constructor(format: FramedFormat) {
    this.#opus = isOpus(format);
  }

  /** Offset just after the last byte that has come. */
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

  bytes(from: number, to: number): Uint8Array {
    return this.#window.view(from, to);
  }

  /** The length at `offset`; all its four bytes must be here. */
  length(offset: number): number {
    return this.#window.uint32(offset);
  }

  /** Where the frame at `offset` ends, or why none does. Its content is not looked at. */
  next(offset: number): number | 'bad_length' | 'cut' | 'end' {
    const available = this.#window.end - offset;
    if (available === 0) return 'end';
    if (available < LENGTH_BYTES) return 'cut';
    const length = this.#window.uint32(offset);
    if (length > LIMITS.maxFrameBytes) return 'bad_length';
    return available < LENGTH_BYTES + length ? 'cut' : offset + LENGTH_BYTES + length;
  }

  at(offset: number): Look {
    if (this.#seen?.offset === offset) return this.#seen;
    const end = this.next(offset);
    if (typeof end === 'string') return { kind: end };
    if (end === offset + LENGTH_BYTES) return { kind: 'empty' };
    const payload = this.#window.view(offset + LENGTH_BYTES, end);
    this.#seen = { kind: 'frame', offset, end, payload, measure: this.#measure(payload) };
    return this.#seen;
  }

  /** The measure of these bytes, were they one frame's payload. */
  measureOf(from: number, to: number): number | null {
    return this.#measure(this.#window.view(from, to));
  }

  /** Offset of the next `byte` in `[from, to)`, or `to`. */
  find(byte: number, from: number, to: number): number {
    return Math.min(this.#window.find(byte, from), to);
  }

  /** Offset of the next other byte in `[from, to)`, or `to`. */
  findOther(byte: number, from: number, to: number): number {
    return Math.min(this.#window.findOther(byte, from), to);
  }

  /** Offset of the next possible length at or after `from`: the highest byte of every length in range is 0. */
  nextCandidate(from: number): number {
    return this.#window.find(0, from + LENGTH_BYTES - 1) - (LENGTH_BYTES - 1);
  }

  /** Where the empty frames that start at `offset` end. */
  afterEmpty(offset: number): number {
    return offset + LENGTH_BYTES * Math.floor((this.afterZeros(offset) - offset) / LENGTH_BYTES);
  }

  /** Where the zeros that start at `offset` end, as far as they are here. */
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
