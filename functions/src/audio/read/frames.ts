/**
 * Reads the frames of a `.bin` recording from pieces of any size, and finds the next intact frame after damage.
 *
 * The format has no sync words: a frame is found only by the length of the frame before it. If the lengths lead from frame to
 * frame for long enough, the frames are intact, whatever their sizes ({@link FrameChain}). If they do not, something on the way
 * is damaged. Only then is each frame judged by its content and its neighbours, and reading continues where several frames in a
 * row fit together.
 */
import { FrameChain } from './frameChain.ts';
import { corrupt } from './frameEvents.ts';
import type { Corruption, FrameEvent } from './frameEvents.ts';
import { FrameBytes, LENGTH_BYTES, MAX_FRAME } from './frameBytes.ts';
import type { Frame } from './frameBytes.ts';
import type { FramedFormat } from './format.ts';
import { isPadded } from './opusPacket.ts';
import { CHAIN_FRAMES, OrdinaryFrames } from './ordinaryFrames.ts';
import { Pauses } from './pauses.ts';

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
 * the largest size and the zeros that storage may erase at a time.
 */
export class FrameReader {
  readonly #bytes: FrameBytes;
  readonly #chain: FrameChain;
  readonly #ordinary: OrdinaryFrames;
  readonly #pauses: Pauses;
  #position = 0;
  #loss: Loss | null = null;
  /** The end of the broken chain whose sizes were learned last. */
  #learnedTo = -1;

  constructor(format: FramedFormat) {
    this.#bytes = new FrameBytes(format);
    this.#chain = new FrameChain(this.#bytes);
    this.#ordinary = new OrdinaryFrames(format, this.#bytes);
    this.#pauses = new Pauses(this.#bytes, this.#ordinary);
  }

  /**
   * @param bytes the next bytes; they are copied, so the caller may reuse the buffer
   * @returns the events that these bytes complete
   * @throws Error after `end`
   */
  push(bytes: Uint8Array): FrameEvent[] {
    if (this.#bytes.ended) throw new Error('FrameReader: push after end');
    this.#bytes.append(bytes);
    return this.#read();
  }

  /** The recording has ended. @returns the events of the bytes that are left */
  end(): FrameEvent[] {
    this.#bytes.close();
    return this.#read();
  }

  #read(): FrameEvent[] {
    const events: FrameEvent[] = [];
    let moved = true;
    while (moved) moved = this.#loss ? this.#search(this.#loss, events) : this.#next(events);
    // #reportLoss looks back at most one frame of the largest size, so earlier bytes of a loss are dropped.
    const needed = this.#loss ? Math.max(this.#loss.offset, this.#loss.tried - MAX_FRAME) : this.#position;
    this.#bytes.discardBefore(needed);
    return events;
  }

  /** Reads the frame at the position. @returns false if more bytes are needed, or none are left */
  #next(events: FrameEvent[]): boolean {
    const proofFrom = this.#pauses.behindZeros(this.#position);
    const chain = proofFrom === 'unknown' ? proofFrom : this.#chain.from(proofFrom);
    if (chain === 'unknown') return false;
    const found = this.#bytes.at(this.#position);
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
        if (!this.#pauses.isOpen && this.#pauses.isZeroedTail(this.#position)) return this.#lose('bad_length', null);
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
    const isPause = chain === 'holds' || this.#pauses.isPause(this.#position);
    if (isPause === 'unknown') return false;
    if (!isPause) return this.#lose('bad_length', null);
    this.#acceptEmpty(chain === 'holds' ? 1 : this.#bytes.emptyFrom(this.#position), events);
    return true;
  }

  /**
   * Whether the length of a frame is right although the chain breaks later: it leads to a frame that fits, or frames with
   * damaged content lead to one.
   */
  #leadsOn(frame: Frame): boolean {
    let offset = frame.end;
    if (this.#pauses.isLongBehind(frame)) return true;
    for (let i = 0; i < CHAIN_FRAMES; i++) {
      const next = this.#bytes.at(this.#bytes.afterEmpty(offset));
      if (next.kind !== 'frame') return next.kind === 'end';
      if (this.#ordinary.fits(next) || (next.measure !== null && next.measure === frame.measure)) return true;
      offset = next.end;
    }
    return false;
  }

  /** Reads a frame whose length is right. */
  #readFrame(frame: Frame, events: FrameEvent[]): void {
    const swallowed = this.#swallowedBy(frame);
    const reason = swallowed > 0 ? 'bad_length' : this.#faultOf(frame);
    this.#position = frame.end;
    if (reason) {
      events.push(corrupt(frame.offset, frame.end, 1 + swallowed, reason, true));
      this.#pauses.endWithDamage();
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
    const next = this.#bytes.at(frame.end);
    return next.kind === 'frame' && next.measure !== frame.measure ? 'odd_duration' : null;
  }

  #accept(frame: Frame, events: FrameEvent[]): void {
    this.#ordinary.accept(frame);
    this.#pauses.endWith(frame);
    events.push({ kind: 'frame', offset: frame.offset, payload: frame.payload });
  }

  #acceptEmpty(count: number, events: FrameEvent[]): void {
    for (let i = 0; i < count; i++) {
      events.push({ kind: 'empty', offset: this.#position, bytes: LENGTH_BYTES });
      this.#position += LENGTH_BYTES;
      this.#ordinary.acceptEmpty();
    }
    this.#pauses.continueTo(this.#position);
  }

  #lose(reason: Loss['reason'], suspect: Frame | null): true {
    const behind = suspect && this.#bytes.at(suspect.end).kind;
    const behindSuspect = behind === 'frame' ? 'lost_sync' : behind === 'cut' ? 'torn' : 'bad_length';
    this.#loss = { offset: this.#position, reason, suspect, behindSuspect, tried: this.#position + 1 };
    return true;
  }

  /** Searches for the next frames. @returns false if more bytes are needed */
  #search(loss: Loss, events: FrameEvent[]): boolean {
    for (;;) {
      loss.tried = this.#bytes.nextCandidate(loss.tried);
      if (loss.tried + LENGTH_BYTES > this.#bytes.end) break;
      const found = this.#ordinary.startsChain(loss.tried);
      if (found === 'unknown') return false;
      if (found) return this.#reportLoss(loss, loss.tried, true, events);
      loss.tried += 1;
    }
    return this.#bytes.ended && this.#reportLoss(loss, this.#bytes.end, false, events);
  }

  /** Reports the loss, which ends at `end`: the next frame (`found`), or the end of the input. */
  #reportLoss(loss: Loss, end: number, found: boolean, events: FrameEvent[]): true {
    this.#loss = null;
    const { suspect } = loss;
    let { offset, reason } = loss;
    const emptyFrames = found ? this.#pauses.emptyFramesBefore(end, offset) : 0;
    const lostTo = end - LENGTH_BYTES * emptyFrames;
    if (suspect && lostTo >= suspect.end && !(found && this.#ordinary.isTail(suspect.end, lostTo))) {
      this.#accept(suspect, events);
      offset = suspect.end;
      reason = loss.behindSuspect;
    }
    if (reason === 'torn' && !found && this.#ordinary.isPartOfFrame(offset, end)) {
      events.push({ kind: 'torn', offset, bytes: end - offset, payload: this.#tornPayload(offset, end) });
    } else if (offset < lostTo) {
      const lostFrames = this.#ordinary.framesIn(offset, lostTo, found ? end : null, this.#pauses.isOpen);
      events.push(corrupt(offset, lostTo, lostFrames, reason === 'torn' ? 'lost_sync' : reason, found));
      this.#pauses.endWithDamage();
    }
    this.#position = lostTo;
    this.#acceptEmpty(emptyFrames, events);
    this.#chain.restart(end);
    return true;
  }

  #tornPayload(offset: number, end: number): Uint8Array {
    return this.#bytes.view(Math.min(offset + LENGTH_BYTES, end), end);
  }
}
