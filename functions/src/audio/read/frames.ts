/**
 * Reads the frames of a `.bin` recording from pieces of any size, and finds its way back after damage.
 *
 * The format has no sync words: a frame is found only by the length of the one before it. So a length is believed when it leads
 * to something that looks like the next frame, and after a loss the reader goes on where several frames in a row fit together.
 */
import { LIMITS } from '../../config.ts';
import { ByteWindow } from './byteWindow.ts';
import type { FramedFormat } from './format.ts';
import { opusPacketSamples48k } from './opusPacket.ts';

/** Why bytes were given up. */
export type Corruption =
  | 'bad_length' // a length of 0 or above LIMITS.maxFrameBytes
  | 'lost_sync' // a length that does not lead to another frame
  | 'bad_payload' // the length is right, the content cannot be a frame of this codec
  | 'odd_duration'; // one packet claims another duration than all around it

export type FrameEvent =
  /** `payload` stays valid for as long as it is held; it may share its memory with its neighbours. */
  | { readonly kind: 'frame'; readonly offset: number; readonly payload: Uint8Array }
  | {
      readonly kind: 'corrupt';
      readonly offset: number;
      readonly bytes: number;
      /** Frames these bytes stand for, at least 1: exact where the damage leaves that visible, else by the mean frame size. */
      readonly lostFrames: number;
      readonly reason: Corruption;
      /** False where no frame was found again: these bytes are the rest of the recording. */
      readonly recovered: boolean;
    }
  /** A last frame that was not written to its end. */
  | { readonly kind: 'torn'; readonly offset: number; readonly bytes: number };

const LENGTH_BYTES = 4;
/** Bytes of the largest frame with its length. */
const MAX_FRAME = LENGTH_BYTES + LIMITS.maxFrameBytes;
/** Frames that must fit together before reading goes on after a loss. Chance finds 3 in 2^48 places of random bytes. */
const CHAIN_FRAMES = 3;
/** Frames of one duration in a row after which a single packet of another duration is damage, not a change of the encoder. */
const STEADY_FRAMES = 8;

interface Frame {
  readonly kind: 'frame';
  readonly offset: number;
  readonly end: number;
  readonly payload: Uint8Array;
  /** What is the same in all ordinary frames: Opus: 48 kHz samples, PCM: bytes. Null: cannot be a frame of this codec. */
  readonly measure: number | null;
}
type Look = Frame | { readonly kind: 'bad_length' } | { readonly kind: 'cut' } | { readonly kind: 'end' };

/** Bytes that do not read as frames, while the reader searches for the next one that does. */
interface Loss {
  readonly offset: number;
  readonly reason: 'bad_length' | 'lost_sync' | 'torn';
  /** A frame that is fine in itself, with nothing sensible behind it: whether it was cut short is seen at the next frame. */
  readonly suspect: Frame | null;
  /** What is wrong with the bytes behind the suspect, if it stands. */
  readonly behindSuspect: 'bad_length' | 'lost_sync' | 'torn';
  /** Every offset before this one was tried. */
  tried: number;
}

/**
 * One recording's reader: push its bytes in order, then end. The events do not depend on how the bytes are cut into pushes,
 * and cover every byte once, in order. Time is linear in the bytes; memory is bounded by a few frames of the largest size.
 */
export class FrameReader {
  readonly #opus: boolean;
  /** Bytes of one sample of all channels; PCM only. */
  readonly #sampleBytes: number;
  readonly #window = new ByteWindow();
  #position = 0;
  #ended = false;
  #loss: Loss | null = null;
  /** The last frame looked at: mostly the one that comes next. */
  #seen: Frame | null = null;
  /** The measure of ordinary frames, as far as known. */
  #usual: number | null;
  #previous: number | null = null;
  /** Ordinary frames in a row. */
  #steady = 0;
  #frames = 0;
  #frameBytes = 0;
  /** Bytes of the largest frame so far, its length included. */
  #largestFrame = 0;

  constructor(format: FramedFormat) {
    this.#opus = format.codec === 'opus' || format.codec === 'opus_fs320';
    this.#sampleBytes = format.channels * (format.codec === 'pcm16' ? 2 : 1);
    this.#usual = this.#opus ? null : format.frameSize * this.#sampleBytes;
  }

  /** Takes the next bytes (copied, the buffer may be reused) and tells what they completed. */
  push(bytes: Uint8Array): FrameEvent[] {
    if (this.#ended) throw new Error('FrameReader: push after end');
    this.#window.append(bytes);
    return this.#read();
  }

  /** Tells what is left once there are no more bytes. */
  end(): FrameEvent[] {
    this.#ended = true;
    return this.#read();
  }

  #read(): FrameEvent[] {
    const events: FrameEvent[] = [];
    let moved = true;
    while (moved) moved = this.#loss ? this.#search(this.#loss, events) : this.#next(events);
    // Of a loss, as much is kept as #isOneFrame may ask for.
    const needed = this.#loss ? Math.max(this.#loss.offset, this.#loss.tried - MAX_FRAME) : this.#position;
    this.#window.discardBefore(needed);
    return events;
  }

  /** Reads the frame at the position. False: needs more bytes, or there are none. */
  #next(events: FrameEvent[]): boolean {
    const frame = this.#look(this.#position);
    switch (frame.kind) {
      case 'end':
        return false;
      case 'cut':
        // A length that points past the end is a torn frame, unless whole frames follow: then the length is wrong.
        return this.#ended && this.#lose('torn', null);
      case 'bad_length':
        return this.#lose('bad_length', null);
      case 'frame':
        break;
    }
    const framed = this.#framingHolds(frame);
    if (framed === 'unknown') return false;
    if (!framed) return this.#lose('lost_sync', this.#isOrdinary(frame) ? frame : null);

    const reason = this.#faultOf(frame);
    if (reason) events.push(corrupt(frame.offset, frame.end, 1, reason, true));
    else this.#accept(frame, events);
    this.#position = frame.end;
    return true;
  }

  /** What is at `offset`. `cut` and `end` mean "not yet" before the input has ended. */
  #look(offset: number): Look {
    if (this.#seen?.offset === offset) return this.#seen;
    const available = this.#window.end - offset;
    if (available === 0) return { kind: 'end' };
    if (available < LENGTH_BYTES) return { kind: 'cut' };
    const length = this.#window.uint32(offset);
    if (length === 0 || length > LIMITS.maxFrameBytes) return { kind: 'bad_length' };
    if (available < LENGTH_BYTES + length) return { kind: 'cut' };
    const end = offset + LENGTH_BYTES + length;
    const payload = this.#window.view(offset + LENGTH_BYTES, end);
    this.#seen = { kind: 'frame', offset, end, payload, measure: this.#measure(payload) };
    return this.#seen;
  }

  #measure(payload: Uint8Array): number | null {
    if (this.#opus) return opusPacketSamples48k(payload);
    return payload.length % this.#sampleBytes === 0 ? payload.length : null;
  }

  /** Whether a frame's length is right: it leads to a good frame, past damaged contents if need be, or to the end. */
  #framingHolds(frame: Frame): boolean | 'unknown' {
    let offset = frame.end;
    for (let i = 0; i < CHAIN_FRAMES; i++) {
      const next = this.#look(offset);
      if (next.kind === 'end') return this.#ended || 'unknown';
      // At the end of the input `cut` may be a torn frame, or what a wrong length points at: the search tells.
      if (next.kind === 'cut') return this.#ended ? false : 'unknown';
      if (next.kind === 'bad_length') return false;
      if (next.measure !== null && (this.#fits(next) || next.measure === frame.measure)) return true;
      offset = next.end;
    }
    return false;
  }

  /** Whether a frame bears out the length that led to it: any valid Opus packet does, PCM only by its length. */
  #fits(frame: Frame): boolean {
    return this.#opus ? frame.measure !== null : frame.measure === this.#usual;
  }

  #isOrdinary(frame: Frame): boolean {
    return frame.measure !== null && (this.#usual === null || frame.measure === this.#usual);
  }

  /** What is wrong with the content of a frame whose length is right. */
  #faultOf(frame: Frame): Corruption | null {
    if (frame.measure === null) return 'bad_payload';
    if (!this.#opus || this.#isOrdinary(frame) || this.#steady < STEADY_FRAMES) return null;
    // Four garbage packets in ten are valid Opus of some random duration: believed, they would shift all that follows.
    const next = this.#look(frame.end);
    return next.kind === 'frame' && next.measure !== frame.measure ? 'odd_duration' : null;
  }

  #accept(frame: Frame, events: FrameEvent[]): void {
    if (this.#usual === null || frame.measure === this.#previous) this.#usual = frame.measure;
    this.#steady = frame.measure === this.#usual ? this.#steady + 1 : 0;
    this.#previous = frame.measure;
    this.#frames += 1;
    const bytes = frame.end - frame.offset;
    this.#frameBytes += bytes;
    this.#largestFrame = Math.max(this.#largestFrame, bytes);
    events.push({ kind: 'frame', offset: frame.offset, payload: frame.payload });
  }

  #lose(reason: Loss['reason'], suspect: Frame | null): true {
    const behind = suspect && this.#look(suspect.end).kind;
    const behindSuspect = behind === 'bad_length' ? behind : behind === 'cut' ? 'torn' : 'lost_sync';
    this.#loss = { offset: this.#position, reason, suspect, behindSuspect, tried: this.#position + 1 };
    return true;
  }

  /** Looks for the next frames. False: needs more bytes. */
  #search(loss: Loss, events: FrameEvent[]): boolean {
    for (;;) {
      // The highest byte of every length in range is 0.
      loss.tried = this.#window.find(0, loss.tried + LENGTH_BYTES - 1) - (LENGTH_BYTES - 1);
      if (loss.tried + LENGTH_BYTES > this.#window.end) break;
      const found = this.#chainAt(loss.tried);
      if (found === 'unknown') return false;
      if (found) return this.#settle(loss, loss.tried, true, events);
      loss.tried += 1;
    }
    return this.#ended && this.#settle(loss, this.#window.end, false, events);
  }

  /** Whether frames in a row start at `offset`; near the end of the input the fewer that fit it exactly are enough. */
  #chainAt(offset: number): boolean | 'unknown' {
    const length = this.#window.uint32(offset);
    if (length === 0 || length > LIMITS.maxFrameBytes) return false;
    for (let count = 0; count < CHAIN_FRAMES; count++) {
      const frame = this.#look(offset);
      if (frame.kind === 'bad_length') return false;
      if (frame.kind === 'end') return this.#ended || 'unknown';
      if (frame.kind === 'cut') return this.#ended ? count === CHAIN_FRAMES - 1 : 'unknown';
      if (!this.#fits(frame)) return false;
      offset = frame.end;
    }
    return true;
  }

  /** Reports the loss, which ends at `end`: the next frame (`found`), or the end of the input. */
  #settle(loss: Loss, end: number, found: boolean, events: FrameEvent[]): true {
    this.#loss = null;
    this.#position = end;
    const { suspect } = loss;
    let { offset, reason } = loss;
    if (suspect && end >= suspect.end && !(found && this.#isTail(suspect.end, end))) {
      this.#accept(suspect, events);
      offset = suspect.end;
      reason = loss.behindSuspect;
    }
    if (reason === 'torn' && !found) {
      events.push({ kind: 'torn', offset, bytes: end - offset });
    } else {
      const lostFrames = this.#framesIn(offset, end, found);
      events.push(corrupt(offset, end, lostFrames, reason === 'torn' ? 'lost_sync' : reason, found));
    }
    return true;
  }

  /** Whether the bytes are what a too short length left over of its frame, rather than a frame of their own. */
  #isTail(offset: number, end: number): boolean {
    return !this.#isOneFrame(offset, end) && 2 * (end - offset) < this.#meanFrameBytes(end);
  }

  #framesIn(offset: number, end: number, found: boolean): number {
    if (this.#isOneFrame(offset, end)) return 1;
    const mean = found || this.#frames > 0 ? this.#meanFrameBytes(end) : Infinity;
    return Math.max(1, Math.round((end - offset) / mean));
  }

  /** Whether the bytes would be one ordinary frame if its length were right, and not much larger than those before. */
  #isOneFrame(offset: number, end: number): boolean {
    const bytes = end - offset;
    if (this.#usual === null || bytes <= LENGTH_BYTES || bytes > 1.5 * this.#largestFrame) return false;
    return this.#measure(this.#window.view(offset + LENGTH_BYTES, end)) === this.#usual;
  }

  /** Mean size of a frame so far, its length included, bytes; before the first one, that of the frame at `next`. */
  #meanFrameBytes(next: number): number {
    return this.#frames > 0 ? this.#frameBytes / this.#frames : LENGTH_BYTES + this.#window.uint32(next);
  }
}

function corrupt(offset: number, end: number, lostFrames: number, reason: Corruption, recovered: boolean): FrameEvent {
  return { kind: 'corrupt', offset, bytes: end - offset, lostFrames, reason, recovered };
}
