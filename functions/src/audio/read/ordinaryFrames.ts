/** What the ordinary frames of a recording are like: what a damaged place is judged by. */
import { isOpus } from './format.ts';
import type { FramedFormat } from './format.ts';
import { LENGTH_BYTES, MAX_FRAME } from './frameLook.ts';
import type { Frame, FrameLook } from './frameLook.ts';
import { PcmSizes } from './pcmSizes.ts';

/** Frames that must fit together before reading goes on after a loss. Chance finds 3 in 2^48 places of random bytes. */
export const CHAIN_FRAMES = 3;
/** The same where they have another duration than the frames before: at wrong offsets tiny packets read as other packets. */
const UNUSUAL_CHAIN_FRAMES = 8;
/** Frames of one duration in a row after which a single packet of another duration is damage, not a change of the encoder. */
const STEADY_FRAMES = 8;
/** Frames over which the size of a frame is averaged: speech and pauses differ by a factor of ten. */
const MEAN_FRAMES = 8;
/** How much larger than the largest frame so far one may be beside damage. */
const OVERSIZE = 1.5;
/** Empty frames in a row that are believed beside damage; they must also be more zeros than one frame can hold. */
const PAUSE_FRAMES = 8;

/** Learns from the frames that a reader accepts, in order. */
export class OrdinaryFrames {
  readonly #look: FrameLook;
  /** Null for Opus, whose packets tell by their content that they are packets. */
  readonly #pcm: PcmSizes | null;
  /** The measure of ordinary frames, as far as known. */
  #usual: number | null;
  #previous: number | null = null;
  /** Ordinary frames in a row. */
  #steady = 0;
  /** Mean size of the last frames, their lengths included, bytes; 0 before the first one. */
  #meanBytes = 0;
  /** Bytes of the largest frame so far, its length included. */
  #largest = 0;

  constructor(format: FramedFormat, look: FrameLook) {
    const nominalBytes = format.frameSize * format.channels * (format.codec === 'pcm16' ? 2 : 1);
    this.#look = look;
    this.#pcm = isOpus(format) ? null : new PcmSizes(nominalBytes);
    this.#usual = this.#pcm ? nominalBytes : null;
  }

  get isPcm(): boolean {
    return this.#pcm !== null;
  }

  /** Bytes of each frame with its length, where all are equal: PCM. */
  get regularBytes(): number | null {
    const usual = this.#pcm?.usual ?? null;
    return usual === null ? null : LENGTH_BYTES + usual;
  }

  /** Whether one packet of another duration is damage. */
  get isSteady(): boolean {
    return this.#steady >= STEADY_FRAMES;
  }

  accept({ offset, end, payload, measure }: Frame): void {
    if (this.#usual === null || measure === this.#previous) this.#usual = measure;
    this.#steady = measure === this.#usual ? this.#steady + 1 : 0;
    this.#previous = measure;
    this.#pcm?.add(payload.length);
    this.#largest = Math.max(this.#largest, end - offset);
    this.#weigh(end - offset);
  }

  acceptEmpty(): void {
    if (this.#meanBytes > 0) this.#weigh(LENGTH_BYTES);
  }

  #weigh(bytes: number): void {
    this.#meanBytes = this.#meanBytes === 0 ? bytes : this.#meanBytes + (bytes - this.#meanBytes) / MEAN_FRAMES;
  }

  /** A chain that breaks is the best sample of the sizes there are: nearly all of it lies before the damage. PCM only. */
  learn(position: number, breaksAt: number): void {
    if (this.#pcm === null) return;
    const ahead: number[] = [];
    for (let at = position; at < breaksAt;) {
      const next = this.#look.next(at);
      if (typeof next !== 'number') break;
      if (next > at + LENGTH_BYTES) ahead.push(next - at - LENGTH_BYTES);
      at = next;
    }
    this.#pcm.learn(ahead.slice(0, -1));
    this.#usual = this.#pcm.usual ?? this.#usual;
  }

  /** Whether a frame bears out the length that led to it: any valid Opus packet does, PCM only by its size. */
  fits({ measure }: Frame): boolean {
    return measure !== null && (this.#pcm === null || this.#pcm.fits(measure));
  }

  isOrdinary(frame: Frame): boolean {
    if (this.#pcm) return frame.measure !== null && (!this.#pcm.isKnown || this.fits(frame));
    return frame.measure !== null && (this.#usual === null || frame.measure === this.#usual);
  }

  /** Frames in a row that prove a place where reading may go on, the first of them this one. */
  chainFrom(first: Frame): number {
    if (this.#pcm) return this.#pcm.chain;
    return this.isOrdinary(first) ? CHAIN_FRAMES : UNUSUAL_CHAIN_FRAMES;
  }

  /** Whether so many empty frames are by themselves a pause. */
  isLong(emptyFrames: number): boolean {
    return emptyFrames >= PAUSE_FRAMES && emptyFrames * LENGTH_BYTES > this.#largest;
  }

  /** Whether a frame is no packet, and larger than any packet so far. */
  isOversized({ measure, payload }: Frame): boolean {
    return this.#pcm === null && measure === null && this.#largest > 0 && payload.length > this.#largest;
  }

  /** Whether a packet is larger than any so far. */
  isLargest({ payload }: Frame): boolean {
    return payload.length > this.#largest;
  }

  /** Whether the last bytes can be the beginning of one frame: of a packet, whose size says so. */
  isPartOfFrame(from: number, to: number): boolean {
    return this.#pcm !== null || this.#largest === 0 || to - from <= OVERSIZE * this.#largest;
  }

  /** Empty frames in stretches of zeros that are larger than any frame. */
  pausesIn(from: number, to: number): number {
    let count = 0;
    for (let at = from; at < to;) {
      const zeros = this.#look.find(0, at, to);
      at = this.#look.findOther(0, zeros, to);
      const here = Math.floor((at - zeros) / LENGTH_BYTES);
      if (this.isLong(here)) count += here;
    }
    return count;
  }

  /** Whether the bytes are what a too short length left over of its frame, rather than a frame of their own. */
  isTail(offset: number, end: number): boolean {
    return !this.isOneFrame(offset, end) && 2 * (end - offset) < this.#meanFrameBytes(end);
  }

  /** Whether the bytes would be one ordinary frame if its length were right, and not much larger than those before. */
  isOneFrame(offset: number, end: number): boolean {
    const bytes = end - offset;
    if (this.#usual === null || bytes <= LENGTH_BYTES) return false;
    if (bytes > Math.min(MAX_FRAME, OVERSIZE * this.#largest)) return false;
    const measure = this.#look.measureOf(offset + LENGTH_BYTES, end);
    return measure !== null && (this.#pcm?.fits(measure) ?? measure === this.#usual);
  }

  /**
   * How many frames lost bytes stand for.
   * @param next where the next frame is; null where there is none.
   * @param inPause whether empty frames stand before them: elsewhere zeros may as well be what a damaged sector reads as.
   */
  framesIn(offset: number, end: number, next: number | null, inPause: boolean): number {
    if (this.isOneFrame(offset, end)) return 1;
    if (next === null && this.#meanBytes === 0) return 1;
    // What is older than this is not here any more.
    const pauses = inPause ? this.pausesIn(Math.max(offset, end - MAX_FRAME), end) : 0;
    const bytes = end - offset - pauses * LENGTH_BYTES;
    const before = bytes / this.#meanFrameBytes(next ?? end);
    if (next === null || this.#meanBytes === 0) return Math.max(1, Math.round(pauses + before));
    // How many of the bytes are of the kind before, and how many of the kind behind, cannot be told.
    const behind = bytes / (next > end ? LENGTH_BYTES : this.#meanBytesBehind(next));
    return Math.max(1, Math.round(pauses + (before + behind) / 2));
  }

  /** Mean size of the last frames, their lengths included, bytes; before the first one, that of the frame at `next`. */
  #meanFrameBytes(next: number): number {
    return this.#meanBytes > 0 ? this.#meanBytes : LENGTH_BYTES + this.#look.length(next);
  }

  /** The same of the frames at which reading goes on. */
  #meanBytesBehind(next: number): number {
    let end = next;
    let frames = 0;
    for (; frames < CHAIN_FRAMES; frames++) {
      const found = this.#look.next(end);
      if (typeof found !== 'number') break;
      end = found;
    }
    return (end - next) / Math.max(1, frames);
  }
}
