/** What the ordinary frames of a recording are like. Damaged places are judged by it. */
import { isOpus } from './format.ts';
import type { FramedFormat } from './format.ts';
import { LENGTH_BYTES, MAX_FRAME } from './frameBytes.ts';
import type { Frame, FrameBytes } from './frameBytes.ts';
import { PcmSizes } from './pcmSizes.ts';

/**
 * Frames that must fit together before reading continues after a loss. In random bytes, 3 do so by chance at one of 2^48
 * places.
 */
export const CHAIN_FRAMES = 3;
/**
 * The same number if they have another duration than the frames before: at wrong offsets, tiny packets can be read as valid
 * packets.
 */
const UNUSUAL_CHAIN_FRAMES = 8;
/**
 * After so many frames of one duration in a row, a single packet of another duration is damage and not a change of the encoder.
 */
const STEADY_FRAMES = 8;
/** The mean size is taken over so many frames: frames of speech are ten times as large as frames of pauses. */
const MEAN_FRAMES = 8;
/** Beside damage, a frame may be this many times as large as the largest frame so far. */
const OVERSIZE = 1.5;
/** Empty frames in a row that are accepted beside damage. Together they must also have more bytes than the largest frame. */
const PAUSE_FRAMES = 8;

/** Learns from the frames that a reader accepts, in order. */
export class OrdinaryFrames {
  readonly #bytes: FrameBytes;
  /** Null for Opus: the content of a packet shows that it is a packet. */
  readonly #pcm: PcmSizes | null;
  /** The measure of ordinary frames; null until it is known. */
  #usual: number | null;
  #previous: number | null = null;
  /** Ordinary frames in a row. */
  #steady = 0;
  /** The mean size of the last frames, bytes, their lengths included; 0 before the first frame. */
  #meanBytes = 0;
  /** Bytes of the largest frame so far, its length included. */
  #largest = 0;

  constructor(format: FramedFormat, bytes: FrameBytes) {
    const nominalBytes = format.frameSize * format.channels * (format.codec === 'pcm16' ? 2 : 1);
    this.#bytes = bytes;
    this.#pcm = isOpus(format) ? null : new PcmSizes(nominalBytes);
    this.#usual = this.#pcm ? nominalBytes : null;
  }

  get isPcm(): boolean {
    return this.#pcm !== null;
  }

  /** Bytes of a frame, its length included, if all frames are equally large; else null. Always null for Opus. */
  get regularBytes(): number | null {
    const usual = this.#pcm?.usual ?? null;
    return usual === null ? null : LENGTH_BYTES + usual;
  }

  /** Whether a single packet of another duration is damage. */
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

  /**
   * Learns from the frames of a chain that breaks, for PCM only. It is the best sample of sizes: nearly all of it lies before
   * the damage.
   */
  learn(position: number, breaksAt: number): void {
    if (this.#pcm === null) return;
    const ahead: number[] = [];
    for (let at = position; at < breaksAt;) {
      const next = this.#bytes.next(at);
      if (typeof next !== 'number') break;
      if (next > at + LENGTH_BYTES) ahead.push(next - at - LENGTH_BYTES);
      at = next;
    }
    this.#pcm.learn(ahead.slice(0, -1));
    this.#usual = this.#pcm.usual ?? this.#usual;
  }

  /**
   * Whether a frame confirms the length that led to it: every valid Opus packet does, and PCM does if its size is an ordinary
   * one.
   */
  fits({ measure }: Frame): boolean {
    return measure !== null && (this.#pcm === null || this.#pcm.fits(measure));
  }

  isOrdinary(frame: Frame): boolean {
    if (this.#pcm) return frame.measure !== null && (!this.#pcm.isKnown || this.fits(frame));
    return frame.measure !== null && (this.#usual === null || frame.measure === this.#usual);
  }

  /** Whether enough frames in a row start at `offset`. Near the end of the input, fewer are enough if they fill it exactly. */
  startsChain(offset: number): boolean | 'unknown' {
    let needed = 1;
    let unusual: number | null = null;
    for (let count = 0; count < needed; count++) {
      const found = this.#bytes.at(count === 0 ? offset : this.#bytes.afterEmpty(offset));
      if (found.kind === 'frame') {
        if (!this.fits(found)) return false;
        if (count === 0) {
          needed = this.#chainFrom(found);
          if (!this.isOrdinary(found)) unusual = found.measure;
        }
        if (unusual !== null && found.measure !== unusual) return false;
        offset = found.end;
        continue;
      }
      if (found.kind === 'bad_length' || found.kind === 'empty') return false;
      if (!this.#bytes.ended) return 'unknown';
      return found.kind === 'end' || count >= CHAIN_FRAMES - 1;
    }
    return true;
  }

  /** How many frames in a row, this one included, prove that reading may continue here. */
  #chainFrom(first: Frame): number {
    if (this.#pcm) return this.#pcm.chain;
    return this.isOrdinary(first) ? CHAIN_FRAMES : UNUSUAL_CHAIN_FRAMES;
  }

  /** Whether so many empty frames are a pause without further proof. */
  isLong(emptyFrames: number): boolean {
    return emptyFrames >= PAUSE_FRAMES && emptyFrames * LENGTH_BYTES > this.#largest;
  }

  /** Whether a frame is not a packet, and is larger than every packet so far. */
  isOversized({ measure, payload }: Frame): boolean {
    return this.#pcm === null && measure === null && this.#largest > 0 && payload.length > this.#largest;
  }

  /** Whether a packet is larger than every packet so far. */
  isLargest({ payload }: Frame): boolean {
    return payload.length > this.#largest;
  }

  /** Whether the last bytes can be the beginning of one frame. A packet can be only a little larger than the largest so far. */
  isPartOfFrame(from: number, to: number): boolean {
    return this.#pcm !== null || this.#largest === 0 || to - from <= OVERSIZE * this.#largest;
  }

  /** How many empty frames lie in those stretches of zeros that are larger than any frame. */
  pausesIn(from: number, to: number): number {
    let count = 0;
    for (let at = from; at < to;) {
      const zeros = this.#bytes.find(0, at, to);
      at = this.#bytes.findOther(0, zeros, to);
      const here = Math.floor((at - zeros) / LENGTH_BYTES);
      if (this.isLong(here)) count += here;
    }
    return count;
  }

  /** Whether the bytes are the rest of a frame whose length was too small, and not a frame by themselves. */
  isTail(offset: number, end: number): boolean {
    return !this.isOneFrame(offset, end) && 2 * (end - offset) < this.#meanFrameBytes(end);
  }

  /** Whether the bytes would be one ordinary frame, not much larger than the frames before, if their length were right. */
  isOneFrame(offset: number, end: number): boolean {
    const bytes = end - offset;
    if (this.#usual === null || bytes <= LENGTH_BYTES) return false;
    if (bytes > Math.min(MAX_FRAME, OVERSIZE * this.#largest)) return false;
    const measure = this.#bytes.measureOf(offset + LENGTH_BYTES, end);
    return measure !== null && (this.#pcm?.fits(measure) ?? measure === this.#usual);
  }

  /**
   * How many frames the lost bytes replace.
   * @param next the offset of the next frame; null if there is none
   * @param inPause whether empty frames lie directly before the bytes. If not, zeros may just as well be a damaged sector
   */
  framesIn(offset: number, end: number, next: number | null, inPause: boolean): number {
    if (this.isOneFrame(offset, end)) return 1;
    if (next === null && this.#meanBytes === 0) return 1;
    // Bytes before this offset have been dropped.
    const pauses = inPause ? this.pausesIn(Math.max(offset, end - MAX_FRAME), end) : 0;
    const bytes = end - offset - pauses * LENGTH_BYTES;
    const before = bytes / this.#meanFrameBytes(next ?? end);
    if (next === null || this.#meanBytes === 0) return Math.max(1, Math.round(pauses + before));
    // It is not known how many of the bytes were like the frames before, and how many like the frames behind; so the mean of
    // both is used.
    const behind = bytes / (next > end ? LENGTH_BYTES : this.#meanBytesBehind(next));
    return Math.max(1, Math.round(pauses + (before + behind) / 2));
  }

  /**
   * The mean size of the last frames, bytes, their lengths included; before the first frame, the size of the frame at `next`.
   */
  #meanFrameBytes(next: number): number {
    return this.#meanBytes > 0 ? this.#meanBytes : LENGTH_BYTES + this.#bytes.length(next);
  }

  /** The mean size of the frames at which reading continues, bytes. */
  #meanBytesBehind(next: number): number {
    let end = next;
    let frames = 0;
    for (; frames < CHAIN_FRAMES; frames++) {
      const found = this.#bytes.next(end);
      if (typeof found !== 'number') break;
      end = found;
    }
    return (end - next) / Math.max(1, frames);
  }
}
