/** Cuts a stream of frames into files of a minute, and files into pieces of a second that are kept as they come. */
import { frameBytes, type FrameFormat } from 'offline-audio-sync-client';
import { FRAMES_PER_SECOND, nameFor } from './format.ts';

const FRAMES_PER_PIECE = FRAMES_PER_SECOND;
export const FRAMES_PER_FILE = 60 * FRAMES_PER_SECOND;

/** A second of a file, framed as recordings are. */
export interface Piece {
  /** Name of the recording that it is a part of. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether its file is whole with it. */
  readonly last: boolean;
}

/**
 * For one stretch without a gap: frame n is of n × 20 ms after its start, so files join without a seam.
 * @param startedAt asked when the first name is needed, so that the time has settled by then; Unix milliseconds
 */
export class Cutter {
  readonly #format: FrameFormat;
  readonly #startedAt: () => number;
  #start: number | null = null;
  #frames: Uint8Array[] = [];
  /** Frames that went into pieces. */
  #cut = 0;
  #name = '';

  constructor(format: FrameFormat, startedAt: () => number) {
    this.#format = format;
    this.#startedAt = startedAt;
  }

  /** @returns a piece when it is full */
  push(frame: Uint8Array): Piece | null {
    this.#frames.push(frame);
    return this.#frames.length === FRAMES_PER_PIECE ? this.#piece(false) : null;
  }

  /** The end of the stretch. @returns what is left; null where nothing is and the last file was whole. */
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
