/** A part of a recording without an interruption: frames to encoded pieces, at exact times. */
import type { FrameFormat } from 'offline-audio-sync-client';
import { CaptureClock } from './captureClock.ts';
import { Cutter, type Piece } from './cutter.ts';
import { opusEncoder, pcmEncoder, type FrameEncoder } from './encoder.ts';
import type { Arrived, Source } from './source.ts';

export interface StretchEvents {
  readonly onPiece: (piece: Piece) => void;
  /** So much audio more is being recorded, milliseconds. */
  readonly onRecorded: (ms: number) => void;
  /** The encoder failed: nothing more comes of this stretch. */
  readonly onError: (error: Error) => void;
}

export class Stretch {
  readonly source: Source;
  readonly #events: StretchEvents;
  readonly #clock: CaptureClock;
  readonly #cutter: Cutter;
  readonly #encoder: FrameEncoder;
  /** Frames of which it is not known yet whether they belong to it. */
  readonly #doubtful: Arrived[] = [];
  #lastRecorded: Arrived;
  /** Where the next frame begins, in samples of the audio clock. */
  #nextSample: number;

  /** @param first of its frames; it still has to be added. */
  constructor(source: Source, format: FrameFormat, first: Arrived, events: StretchEvents) {
    const { sampleRate, latencyMs } = source.microphone;
    const firstSample = first.frame.endSample - first.frame.samples.length;
    this.source = source;
    this.#events = events;
    this.#lastRecorded = first;
    this.#nextSample = firstSample;
    const clock = new CaptureClock(sampleRate);
    const cutter = new Cutter(format, () => clock.timeOf(firstSample) - latencyMs);
    this.#clock = clock;
    this.#cutter = cutter;
    const onFrame = (frame: Uint8Array): void => {
      const piece = cutter.push(frame);
      if (piece !== null) events.onPiece(piece);
    };
    this.#encoder = format.codec === 'pcm16' ? pcmEncoder(onFrame) : opusEncoder(sampleRate, onFrame, events.onError);
  }

  /** The last frame that is recorded in it. */
  get lastRecorded(): Arrived {
    return this.#lastRecorded;
  }

  /** @returns frames that do not belong to it, because something before them was not captured: another stretch begins with them. */
  add(arrived: Arrived): readonly Arrived[] {
    const { endSample, samples } = arrived.frame;
    const isNext = endSample - samples.length === this.#nextSample;
    this.#nextSample = endSample;
    this.#doubtful.push(arrived);
    if (!isNext) return this.#doubtful.splice(0);
    switch (this.#clock.observe(endSample, arrived.at)) {
      case 'doubtful':
        return [];
      case 'steady':
        this.recordDoubtful();
        return [];
      case 'gap':
        return this.#doubtful.splice(0);
    }
  }

  /** Resolves when its last piece has come. What an encoder that does not answer has given before is part of it. */
  async end(): Promise<void> {
    try {
      await this.#encoder.finish();
    } finally {
      const piece = this.#cutter.end();
      if (piece !== null) this.#events.onPiece(piece);
    }
  }

  /** They belong to it, or nothing follows that could tell. */
  recordDoubtful(): void {
    for (const arrived of this.#doubtful.splice(0)) {
      const { samples } = arrived.frame;
      this.#encoder.encode(samples);
      this.#lastRecorded = arrived;
      this.#events.onRecorded((samples.length / this.source.microphone.sampleRate) * 1000);
    }
  }
}
