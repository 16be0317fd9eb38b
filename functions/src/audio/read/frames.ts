/**
 * Reads the frames of a `.bin` recording from pieces of any size, and finds its way back after damage.
 *
 * The format has no sync words: a frame is found only by the length of the one before it. Where the lengths lead on, the frames
 * are intact, whatever their sizes ({@link FrameChain}). Where they lead nowhere, something on the way is damaged: only there
 * is each frame judged by its content and its neighbours, and reading goes on where several frames in a row fit together.
 */
import { FrameChain } from './frameChain.ts';
import { FrameLook, LENGTH_BYTES, MAX_FRAME } from './frameLook.ts';
import type { Frame } from './frameLook.ts';
import type { FramedFormat } from './format.ts';
import { isPadded } from './opusPacket.ts';
import { CHAIN_FRAMES, OrdinaryFrames } from './ordinaryFrames.ts';
import { SECTOR_BYTES } from './sectors.ts';

/** Why bytes were given up. */
export type Corruption =
  | 'bad_length' // a length above LIMITS.maxFrameBytes, or one of 0 that leads nowhere
  | 'lost_sync' // a length that does not lead to another frame
  | 'bad_payload' // the length is right, the content cannot be a frame of this codec
  | 'odd_duration'; // one packet claims another duration than all around it

export type FrameEvent =
  /** `payload` stays valid for as long as it is held; it may share its memory with its neighbours. */
  | { readonly kind: 'frame'; readonly offset: number; readonly payload: Uint8Array }
  /** A length of 0: time in which nothing was recorded, as long as the frames around it. */
  | { readonly kind: 'empty'; readonly offset: number; readonly bytes: number }
  | {
      readonly kind: 'corrupt';
      readonly offset: number;
      readonly bytes: number;
      /** Frames these bytes stand for, at least 1: exact where the damage leaves that visible, else by the mean size nearby. */
      readonly lostFrames: number;
      readonly reason: Corruption;
      /** False where no frame was found again: these bytes are the rest of the recording. */
      readonly recovered: boolean;
    }
  /** A last frame that was not written to its end; `payload` is what there is of it. */
  | { readonly kind: 'torn'; readonly offset: number; readonly bytes: number; readonly payload: Uint8Array };

/** Zeros behind the border of a frame that may be one: it may begin with the last bytes of the frame before. */
const LEAST_ZEROS = SECTOR_BYTES - LENGTH_BYTES + 1;
/** Zeros of at least as many bytes are a pause: what storage erases at a time is smaller. */
const MAX_ZEROED_BYTES = 256 * 1024;

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
 * and cover every byte once, in order. Time is linear in the bytes; memory is bounded by a few frames of the largest size, and zeros.
 */
export class FrameReader {
  readonly #look: FrameLook;
  readonly #chain: FrameChain;
  readonly #ordinary: OrdinaryFrames;
  #position = 0;
  #loss: Loss | null = null;
  /** Where the chain breaks that was learned from. */
  #learnedTo = -1;
  /** Whether the bytes before the position are those of an empty frame. */
  #inPause = false;
  /** Where the zeros begin that stand directly before the position, without empty frames. */
  #zerosFrom = 0;

  constructor(format: FramedFormat) {
    this.#look = new FrameLook(format);
    this.#chain = new FrameChain(this.#look);
    this.#ordinary = new OrdinaryFrames(format, this.#look);
  }

  /** Takes the next bytes (copied, the buffer may be reused) and tells what they completed. */
  push(bytes: Uint8Array): FrameEvent[] {
    if (this.#look.ended) throw new Error('FrameReader: push after end');
    this.#look.append(bytes);
    return this.#read();
  }

  /** Tells what is left once there are no more bytes. */
  end(): FrameEvent[] {
    this.#look.close();
    return this.#read();
  }

  #read(): FrameEvent[] {
    const events: FrameEvent[] = [];
    let moved = true;
    while (moved) moved = this.#loss ? this.#search(this.#loss, events) : this.#next(events);
    // Of a loss, as much is kept as #reportLoss may look at.
    const needed = this.#loss ? Math.max(this.#loss.offset, this.#loss.tried - MAX_FRAME) : this.#position;
    this.#look.discardBefore(needed);
    return events;
  }

  /** Reads the frame at the position. False: needs more bytes, or there are none. */
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
        // A length that points past the end is a torn frame, unless whole frames follow: then the length is wrong.
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
        // Nothing is lost by looking for frames in what cannot be one: a wrong length may have led on by chance.
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

  /** Where a chain must lead on from: behind a stretch of zeros as large as a sector, because those lead to one another. */
  #behindZeros(): number | 'unknown' {
    const to = this.#look.afterZeros(this.#position);
    const isHere = to < this.#look.end || this.#look.ended || to - this.#position >= MAX_ZEROED_BYTES;
    if (!isHere) return 'unknown';
    const isLarge = to - this.#position >= LEAST_ZEROS && to - this.#position < MAX_ZEROED_BYTES;
    return isLarge ? this.#afterEmpty(this.#position) : this.#position;
  }

  /** Whether a frame's length is right although the chain breaks later: it leads to a good frame, past damaged contents if need be. */
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
   * Whether zeros that begin where a frame begins are what a damaged sector reads as: frames go on where they would have without it, or
   * the zeros fill whole sectors.
   */
  #isZeroed(offset: number): boolean | 'unknown' {
    const zeros = this.#look.afterZeros(offset) - offset;
    if (zeros < LEAST_ZEROS) return false;
    const frameBytes = this.#ordinary.regularBytes;
    const goesOn = frameBytes !== null && this.#startsChain(offset + Math.ceil(zeros / frameBytes) * frameBytes);
    return goesOn || (zeros - LEAST_ZEROS) % SECTOR_BYTES < 2 * LENGTH_BYTES - 1;
  }

  /**
   * Whether zeros up to the end of the recording are what was never written to storage: they begin where a sector does, which frames
   * know nothing of.
   */
  #isZeroedTail(): boolean {
    const to = this.#look.afterZeros(this.#position);
    if (!this.#look.ended || to < this.#look.end || this.#zerosFrom === 0) return false;
    const bytes = to - this.#zerosFrom;
    const bytesToSector = -this.#zerosFrom & (SECTOR_BYTES - 1);
    return bytes >= LEAST_ZEROS && bytes < MAX_ZEROED_BYTES && bytesToSector < LENGTH_BYTES;
  }

  /** Whether they are by themselves: a stretch of zeros that begins where a frame ends, and is larger than any frame. */
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
   * Empty frames that a wrong length has taken into a packet: a stretch of more zeros than a whole packet had so far, where an
   * encoder puts none but as padding. The chain may lead on behind them, as each of them has four bytes.
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
    // Four garbage packets in ten are valid Opus of some random duration: believed, they would shift all that follows.
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

  /** Looks for the next frames. False: needs more bytes. */
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

  /** Whether frames in a row start at `offset`; near the end of the input the fewer that fit it exactly are enough. */
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

  /** Zeros that a frame ends in, those of its length among them: more of them behind it need not be empty frames. */
  #zerosEnding({ offset, end, payload }: Frame): number {
    // Nearly every frame ends in another byte, and a view of each would cost more than the rest of its reading.
    if (payload[payload.length - 1] !== 0) return 0;
    return end - offset - 1 - this.#look.bytes(offset, end).findLastIndex((byte) => byte !== 0);
  }

  /** Empty frames directly before the frame at which reading goes on: those of a pause whose beginning is damaged. */
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
