/**
 * Reads the frames of a `.bin` recording from pieces of any size, and finds the next intact frame after damage.
 *
 * The format has no sync words: a frame is found only by the length of the frame before it. If the lengths lead from frame to
 * frame for long enough, the frames are intact, whatever their sizes ({@link FrameChain}). If they do not, something on the way
 * is damaged. Only then is each frame judged by its content and its neighbours, and reading continues where several frames in a
 * row fit together.
 */
import { FrameChain } from './frameChain.ts';
import { FrameLook, LENGTH_BYTES, MAX_FRAME } from './frameLook.ts';
import type { Frame } from './frameLook.ts';
import type { FramedFormat } from './format.ts';
import { isPadded } from './opusPacket.ts';
import { CHAIN_FRAMES, OrdinaryFrames } from './ordinaryFrames.ts';
import { SECTOR_BYTES } from './sectors.ts';

/** Why bytes could not be read as frames. */
export type Corruption =
  | 'bad_length' // a length above LIMITS.maxFrameBytes, or a length of 0 that leads to no frame
  | 'lost_sync' // a length that does not lead to another frame
  | 'bad_payload' // the length is right, the content cannot be a frame of this codec
  | 'odd_duration'; // one packet claims another duration than all packets around it

export type FrameEvent =
  /** `payload` stays valid as long as it is referenced. It may share its memory with neighbouring payloads. */
  | { readonly kind: 'frame'; readonly offset: number; readonly payload: Uint8Array }
  /** A length of 0: nothing was recorded for the duration of one frame. */
  | { readonly kind: 'empty'; readonly offset: number; readonly bytes: number }
  | {
      readonly kind: 'corrupt';
      readonly offset: number;
      readonly bytes: number;
      /**
       * How many frames these bytes replace, at least 1. The number is exact if the damage shows it, else it follows from the
       * mean size nearby.
       */
      readonly lostFrames: number;
      readonly reason: Corruption;
      /** False if no frame was found behind these bytes: they are the rest of the recording. */
      readonly recovered: boolean;
    }
  /** The last frame was not written to its end. `payload` is the part of it that is there. */
  | { readonly kind: 'torn'; readonly offset: number; readonly bytes: number; readonly payload: Uint8Array };

/**
 * Bytes of zero, counted from the start of a frame, that may be a lost sector. The sector may begin with the last bytes of the
 * frame before.
 */
const LEAST_ZEROS = SECTOR_BYTES - LENGTH_BYTES + 1;
/** Zeros of at least this many bytes are a pause: storage erases fewer bytes at a time. */
const MAX_ZEROED_BYTES = 256 * 1024;

/** The bytes that cannot be read as frames, while the reader searches for the next frame. */
interface Loss {
  readonly offset: number;
  readonly reason: 'bad_length' | 'lost_sync' | 'torn';
  /** A frame that is intact by itself, with no frame behind it. Only the next frame shows whether it was cut short. */
  readonly suspect: Frame | null;
  /** What is wrong with the bytes behind the suspect, if the suspect is a frame. */
  readonly behindSuspect: 'bad_length' | 'lost_sync' | 'torn';
  /** Every offset before this one has been tried. */
  tried: number;
}

/**
 * The reader of one recording: push its bytes in order, then call `end`. The events do not depend on how the bytes are divided
 * into pushes. Together they cover every byte once, in order. Time is linear in the bytes. Memory is bounded by a few frames of
 * the largest size and {@link MAX_ZEROED_BYTES} of zeros.
 */
export class FrameReader {
  readonly #look: FrameLook;
  readonly #chain: FrameChain;
  readonly #ordinary: OrdinaryFrames;
  #position = 0;
  #loss: Loss | null = null;
  /** The end of the broken chain whose sizes were learned last. */
  #learnedTo = -1;
  /** Whether the bytes before the position are those of an empty frame. */
  #inPause = false;
  /** Where the zeros directly before the position begin. Empty frames are not counted among them. */
  #zerosFrom = 0;

  constructor(format: FramedFormat) {
    this.#look = new FrameLook(format);
    this.#chain = new FrameChain(this.#look);
    this.#ordinary = new OrdinaryFrames(format, this.#look);
  }

  /**
   * @param bytes the next bytes; they are copied, so the caller may reuse the buffer
   * @returns the events that these bytes complete
   * @throws Error after `end`
   */
  push(bytes: Uint8Array): FrameEvent[] {
    if (this.#look.ended) throw new Error('FrameReader: push after end');
    this.#look.append(bytes);
    return this.#read();
  }

  /** The recording has ended. @returns the events of the bytes that are left */
  end(): FrameEvent[] {
    this.#look.close();
    return this.#read();
  }

  #read(): FrameEvent[] {
    const events: FrameEvent[] = [];
    let moved = true;
    while (moved) moved = this.#loss ? this.#search(this.#loss, events) : this.#next(events);
    // #reportLoss looks back at most one frame of the largest size, so earlier bytes of a loss are dropped.
    const needed = this.#loss ? Math.max(this.#loss.offset, this.#loss.tried - MAX_FRAME) : this.#position;
    this.#look.discardBefore(needed);
    return events;
  }

  /** Reads the frame at the position. @returns false if more bytes are needed, or none are left */
  #next(events: FrameEvent[]): boolean {
    const proofFrom = this.#behindZeros();
    const chain = proofFrom === 'unknown' ? proofFrom : this.#chain.from(proofFrom);
    if (chain === 'unknown') return false;
    const found = this.#look.at(this.#position);
    if (chain === 'breaks' && this.#learnedTo !== this.#chain.front) {
      this.#learnedTo = this.#chain.front;
      this.#ordinary.learn(this.#position, this.#learnedTo);
    }
    switch (found.kind) {
      case 'end':
        return false;
      case 'cut':
        // A length that points beyond the end is a torn frame. If whole frames follow, the length is wrong.
        return this.#lose('torn', null);
      case 'bad_length':
        return this.#lose('bad_length', null);
      case 'empty':
        if (!this.#inPause && this.#isZeroedTail()) return this.#lose('bad_length', null);
        return this.#nextEmpty(chain, events);
      case 'frame':
        if (chain === 'breaks' && !this.#leadsOn(found)) {
          return this.#lose('lost_sync', this.#ordinary.isOrdinary(found) ? found : null);
        }
        // This cannot be a packet, so nothing is lost if frames are searched for in it: a wrong length may have led on by
        // chance.
        if (this.#ordinary.isOversized(found)) return this.#lose('lost_sync', null);
        this.#readFrame(found, events);
        return true;
    }
  }

  #nextEmpty(chain: 'holds' | 'breaks', events: FrameEvent[]): boolean {
    const isPause = chain === 'holds' || this.#isPause(this.#position);
    if (isPause === 'unknown') return false;
    if (!isPause) return this.#lose('bad_length', null);
    this.#acceptEmpty(chain === 'holds' ? 1 : this.#emptyAt(this.#position), events);
    return true;
  }

  /**
   * Where the proof by the chain must begin. A stretch of zeros as large as a sector is left out, because its lengths of 0 lead
   * to one another.
   */
  #behindZeros(): number | 'unknown' {
    const to = this.#look.afterZeros(this.#position);
    const isHere = to < this.#look.end || this.#look.ended || to - this.#position >= MAX_ZEROED_BYTES;
    if (!isHere) return 'unknown';
    const isLarge = to - this.#position >= LEAST_ZEROS && to - this.#position < MAX_ZEROED_BYTES;
    return isLarge ? this.#afterEmpty(this.#position) : this.#position;
  }

  /**
   * Whether the length of a frame is right although the chain breaks later: it leads to a frame that fits, or frames with
   * damaged content lead to one.
   */
  #leadsOn(frame: Frame): boolean {
    let offset = frame.end;
    if (this.#isLongPause(offset, this.#zerosEnding(frame))) return true;
    for (let i = 0; i < CHAIN_FRAMES; i++) {
      const next = this.#look.at(this.#afterEmpty(offset));
      if (next.kind !== 'frame') return next.kind === 'end';
      if (this.#ordinary.fits(next) || (next.measure !== null && next.measure === frame.measure)) return true;
      offset = next.end;
    }
    return false;
  }

  #emptyAt(offset: number): number {
    return (this.#afterEmpty(offset) - offset) / LENGTH_BYTES;
  }

  #afterEmpty(offset: number): number {
    return this.#look.afterEmpty(offset);
  }

  /** Whether lengths of 0 at `offset`, on a chain that breaks, are empty frames. */
  #isPause(offset: number): boolean | 'unknown' {
    const next = this.#look.at(this.#afterEmpty(offset));
    if (next.kind === 'frame' ? this.#ordinary.fits(next) : next.kind === 'end') return true;
    if (!this.#isLongPause(offset, offset - this.#zerosFrom)) return false;
    const isZeroed = this.#isZeroed(offset);
    return isZeroed === 'unknown' ? isZeroed : !isZeroed;
  }

  /**
   * Whether zeros at the start of a frame are a damaged sector. They are if frames continue where they would without the
   * damage, or if the zeros fill whole sectors.
   */
  #isZeroed(offset: number): boolean | 'unknown' {
    const zeros = this.#look.afterZeros(offset) - offset;
    if (zeros < LEAST_ZEROS) return false;
    const frameBytes = this.#ordinary.regularBytes;
    const goesOn = frameBytes !== null && this.#startsChain(offset + Math.ceil(zeros / frameBytes) * frameBytes);
    return goesOn || (zeros - LEAST_ZEROS) % SECTOR_BYTES < 2 * LENGTH_BYTES - 1;
  }

  /**
   * Whether the zeros up to the end of the recording are storage that was never written. They are if they begin at the start of
   * a sector: empty frames that a recorder wrote begin anywhere.
   */
  #isZeroedTail(): boolean {
    const to = this.#look.afterZeros(this.#position);
    if (!this.#look.ended || to < this.#look.end || this.#zerosFrom === 0) return false;
    const bytes = to - this.#zerosFrom;
    const bytesToSector = -this.#zerosFrom & (SECTOR_BYTES - 1);
    return bytes >= LEAST_ZEROS && bytes < MAX_ZEROED_BYTES && bytesToSector < LENGTH_BYTES;
  }

  /**
   * Whether zeros are a pause without further proof: they begin where a frame ends, and there are more of them than the largest
   * frame has bytes.
   */
  #isLongPause(offset: number, zerosBefore: number): boolean {
    return zerosBefore < LENGTH_BYTES && this.#ordinary.isLong(this.#emptyAt(offset));
  }

  /** Reads a frame whose length is right. */
  #readFrame(frame: Frame, events: FrameEvent[]): void {
    const swallowed = this.#swallowedBy(frame);
    const reason = swallowed > 0 ? 'bad_length' : this.#faultOf(frame);
    this.#position = frame.end;
    if (reason) {
      events.push(corrupt(frame.offset, frame.end, 1 + swallowed, reason, true));
      this.#inPause = false;
    } else {
      this.#accept(frame, events);
    }
  }

  /**
   * @returns how many empty frames a wrong length made part of this packet. It is a stretch of zeros that is larger than any
   * whole packet so far: encoders write such a stretch only as padding. The chain may lead on behind it, because each empty
   * frame has four bytes.
   */
  #swallowedBy(frame: Frame): number {
    const { payload, end } = frame;
    if (this.#ordinary.isPcm || !this.#ordinary.isLargest(frame) || isPadded(payload)) return 0;
    return this.#ordinary.pausesIn(end - payload.length, end);
  }

  /** What is wrong with the content of a frame whose length is right. */
  #faultOf(frame: Frame): Corruption | null {
    if (frame.measure === null) return 'bad_payload';
    if (this.#ordinary.isPcm || this.#ordinary.isOrdinary(frame) || !this.#ordinary.isSteady) return null;
    // Four in ten packets of random bytes are valid Opus of a random duration. If they were accepted, they would shift
    // everything after them.
    const next = this.#look.at(frame.end);
    return next.kind === 'frame' && next.measure !== frame.measure ? 'odd_duration' : null;
  }

  #accept(frame: Frame, events: FrameEvent[]): void {
    this.#ordinary.accept(frame);
    this.#inPause = false;
    this.#zerosFrom = frame.end - this.#zerosEnding(frame);
    events.push({ kind: 'frame', offset: frame.offset, payload: frame.payload });
  }

  #acceptEmpty(count: number, events: FrameEvent[]): void {
    for (let i = 0; i < count; i++) {
      events.push({ kind: 'empty', offset: this.#position, bytes: LENGTH_BYTES });
      this.#position += LENGTH_BYTES;
      this.#ordinary.acceptEmpty();
    }
    this.#inPause = true;
    this.#zerosFrom = this.#position;
  }

  #lose(reason: Loss['reason'], suspect: Frame | null): true {
    const behind = suspect && this.#look.at(suspect.end).kind;
    const behindSuspect = behind === 'frame' ? 'lost_sync' : behind === 'cut' ? 'torn' : 'bad_length';
    this.#loss = { offset: this.#position, reason, suspect, behindSuspect, tried: this.#position + 1 };
    return true;
  }

  /** Searches for the next frames. @returns false if more bytes are needed */
  #search(loss: Loss, events: FrameEvent[]): boolean {
    for (;;) {
      loss.tried = this.#look.nextCandidate(loss.tried);
      if (loss.tried + LENGTH_BYTES > this.#look.end) break;
      const found = this.#startsChain(loss.tried);
      if (found === 'unknown') return false;
      if (found) return this.#reportLoss(loss, loss.tried, true, events);
      loss.tried += 1;
    }
    return this.#look.ended && this.#reportLoss(loss, this.#look.end, false, events);
  }

  /** Whether enough frames in a row start at `offset`. Near the end of the input, fewer are enough if they fill it exactly. */
  #startsChain(offset: number): boolean | 'unknown' {
    let needed = 1;
    let unusual: number | null = null;
    for (let count = 0; count < needed; count++) {
      const found = this.#look.at(count === 0 ? offset : this.#afterEmpty(offset));
      if (found.kind === 'frame') {
        if (!this.#ordinary.fits(found)) return false;
        if (count === 0) {
          needed = this.#ordinary.chainFrom(found);
          if (!this.#ordinary.isOrdinary(found)) unusual = found.measure;
        }
        if (unusual !== null && found.measure !== unusual) return false;
        offset = found.end;
        continue;
      }
      if (found.kind === 'bad_length' || found.kind === 'empty') return false;
      if (!this.#look.ended) return 'unknown';
      return found.kind === 'end' || count >= CHAIN_FRAMES - 1;
    }
    return true;
  }

  /** Reports the loss, which ends at `end`: the next frame (`found`), or the end of the input. */
  #reportLoss(loss: Loss, end: number, found: boolean, events: FrameEvent[]): true {
    this.#loss = null;
    const { suspect } = loss;
    let { offset, reason } = loss;
    const emptyFrames = found ? this.#pauseBefore(end, offset) : 0;
    const lostTo = end - LENGTH_BYTES * emptyFrames;
    if (suspect && lostTo >= suspect.end && !(found && this.#ordinary.isTail(suspect.end, lostTo))) {
      this.#accept(suspect, events);
      offset = suspect.end;
      reason = loss.behindSuspect;
    }
    if (reason === 'torn' && !found && this.#ordinary.isPartOfFrame(offset, end)) {
      events.push({ kind: 'torn', offset, bytes: end - offset, payload: this.#tornPayload(offset, end) });
    } else if (offset < lostTo) {
      const lostFrames = this.#ordinary.framesIn(offset, lostTo, found ? end : null, this.#inPause);
      events.push(corrupt(offset, lostTo, lostFrames, reason === 'torn' ? 'lost_sync' : reason, found));
      this.#inPause = false;
    }
    this.#position = lostTo;
    this.#acceptEmpty(emptyFrames, events);
    this.#chain.restart(end);
    return true;
  }

  /**
   * @returns how many zeros a frame ends with, bytes; the length may end with some of them. Zeros behind such a frame need not
   * be empty frames.
   */
  #zerosEnding({ offset, end, payload }: Frame): number {
    // Nearly every frame ends with another byte, and a view of each frame would cost more than the rest of reading it.
    if (payload[payload.length - 1] !== 0) return 0;
    return end - offset - 1 - this.#look.bytes(offset, end).findLastIndex((byte) => byte !== 0);
  }

  /**
   * @returns how many empty frames lie directly before the frame at which reading continues: a pause whose beginning is damaged
   */
  #pauseBefore(end: number, start: number): number {
    if (this.#ordinary.isOneFrame(start, end)) return 0;
    const count = this.#look.emptyBefore(end, Math.max(start, end - MAX_FRAME));
    return this.#inPause || this.#ordinary.isLong(count) ? count : 0;
  }

  #tornPayload(offset: number, end: number): Uint8Array {
    return this.#look.bytes(Math.min(offset + LENGTH_BYTES, end), end);
  }
}

function corrupt(offset: number, end: number, lostFrames: number, reason: Corruption, recovered: boolean): FrameEvent {
  return { kind: 'corrupt', offset, bytes: end - offset, lostFrames, reason, recovered };
}
