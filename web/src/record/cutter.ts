/** Cuts a stream of frames into files of one minute, and each file into pieces of one second that are stored one by one. */
import { frameBytes, type FrameFormat } from 'offline-audio-sync-client';
import { FRAMES_PER_SECOND, nameFor } from './format.ts';

const FRAMES_PER_PIECE = FRAMES_PER_SECOND;
export const FRAMES_PER_FILE = 60 * FRAMES_PER_SECOND;

/** One second of a file, with the frame lengths of the `.bin` format. */
export interface Piece {
  /** Name of the recording that the piece belongs to. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether the file is complete with this piece. */
  readonly last: boolean;
}

/**
 * Cuts one stretch. Frame n begins n × 20 ms after the start of the stretch, so its files join without a gap.
 * @param startedAt returns the start, Unix milliseconds. It is called when the first name is needed, so that the clock has had time to
 * settle.
 */
export class Cutter {
  readonly #format: FrameFormat;
  readonly #startedAt: () => number;
  #start: number | null = null;
  #frames: Uint8Array[] = [];
  /** Number of frames that are in pieces. */
  #cut = 0;
  #name = '';

  constructor(format: FrameFormat, startedAt: () => number) {
    this.#format = format;
    this.#startedAt = startedAt;
  }

  /** @returns a piece when it is full, otherwise null */
  push(frame: Uint8Array): Piece | null {
    this.#frames.push(frame);
    return this.#frames.length === FRAMES_PER_PIECE ? this.#piece(false) : null;
  }

  /** Ends the stretch. @returns the remaining frames as a piece; null if there are none and the last file was complete */
  end(): Piece | null {
    return this.#frames.length === 0 && this.#cut % FRAMES_PER_FILE === 0 ? null : this.#piece(true);
  }

  #piece(end: boolean): Piece {
    this.#start ??= this.#startedAt();
    if (this.#cut % FRAMES_PER_FILE === 0) {
      this.#name = nameFor(this.#format, this.#start + (this.#cut / FRAMES_PER_SECOND) * 1000);
    }
    const bytes = frameBytes(this.#frames);
    this.#cut += this.#frames.length;
    this.#frames = [];
    return { name: this.#name, bytes, last: end || this.#cut % FRAMES_PER_FILE === 0 };
  }
}
