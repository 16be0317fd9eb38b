/** Encodes and cuts one stretch of a recording, at exact times. */
import type { FrameFormat } from 'offline-audio-sync-client';
import { CaptureClock } from './captureClock.ts';
import { Cutter, type Piece } from './cutter.ts';
import { opusEncoder, pcmEncoder, type FrameEncoder } from './encoder.ts';
import type { Arrived, Source } from './source.ts';

export interface StretchEvents {
  readonly onPiece: (piece: Piece) => void;
  /** Called with the length of audio that was added, milliseconds. */
  readonly onRecorded: (ms: number) => void;
  /** Called when the encoder failed. The stretch records nothing after that. */
  readonly onError: (error: Error) => void;
}

export class Stretch {
  readonly source: Source;
  readonly #events: StretchEvents;
  readonly #clock: CaptureClock;
  readonly #cutter: Cutter;
  readonly #encoder: FrameEncoder;
  /** Frames that may belong to this stretch or to the next one. */
  readonly #doubtful: Arrived[] = [];
  #lastRecorded: Arrived;
  /** Position of the next frame, in samples of the audio clock. */
  #nextSample: number;

  /** @param first The first frame. It still has to be added. */
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

  /** The last frame that is recorded in this stretch. */
  get lastRecorded(): Arrived {
    return this.#lastRecorded;
  }

  /** @returns frames that belong to the next stretch, because audio before them is missing */
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

  /** Resolves when the last piece is out. If the encoder does not answer, the frames that it returned before are kept. */
  async end(): Promise<void> {
    try {
      await this.#encoder.finish();
    } finally {
      const piece = this.#cutter.end();
      if (piece !== null) this.#events.onPiece(piece);
    }
  }

  /** Records the doubtful frames: they belong to this stretch, or no frame follows that could show otherwise. */
  recordDoubtful(): void {
    for (const arrived of this.#doubtful.splice(0)) {
      const { samples } = arrived.frame;
      this.#encoder.encode(samples);
      this.#lastRecorded = arrived;
      this.#events.onRecorded((samples.length / this.source.microphone.sampleRate) * 1000);
    }
  }
}
