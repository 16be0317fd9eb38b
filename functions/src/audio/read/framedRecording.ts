/** `.bin` recordings: frames from the reader, batched by the second, as chunks carry them. */
import { AppError } from '../../errors.ts';
import type { FramedFormat } from './format.ts';
import { FrameReader, type FrameEvent } from './frames.ts';
import type { ReadReport, SourceFrame } from './pcm.ts';

/** A frame as the recording holds it. */
export interface EncodedFrame {
  /** The frame's bytes, in the reader's memory; null where the frame was lost. */
  readonly payload: Uint8Array | null;
  /** Duration in samples at the codec's `sampleRate`. */
  readonly samples: number;
}

/** A codec. Stateful: one instance takes one recording, in order. */
export interface FrameSource {
  /** Samples a second in which it counts the duration of encoded frames. */
  readonly sampleRate: number;
  /** Duration of a frame, read from its outside; null when it is no frame of this codec. */
  durationOf(payload: Uint8Array): number | null;
  /** Frames as chunks carry them, in memory of their own. May hold back a little until `end`. */
  take(frames: readonly EncodedFrame[]): SourceFrame[];
  /** What was held back. */
  end(): SourceFrame[];
}

/** The reader's events of at most this many bytes are held at once, however large the pieces that the source gives. */
const PIECE_BYTES = 64 * 1024;

/** Reads a framed recording; durations are checked before a frame is held. */
export async function* readFramed(
  source: AsyncIterable<Uint8Array>,
  format: FramedFormat,
  codec: FrameSource,
  limits: { readonly maxSeconds: number },
  report: ReadReport,
): AsyncGenerator<readonly SourceFrame[], void, undefined> {
  const batches = new Batches(codec, format, limits.maxSeconds, report);
  const reader = new FrameReader(format);
  for await (const piece of source) {
    for (let start = 0; start < piece.length; start += PIECE_BYTES) {
      yield* batches.take(reader.push(piece.subarray(start, start + PIECE_BYTES)));
    }
  }
  yield* batches.take(reader.end());
  yield* batches.end();
}

/** Collects frames until they make a second: a step a frame would cost more than all else here. */
class Batches {
  readonly #codec: FrameSource;
  readonly #report: ReadReport;
  readonly #maxSamples: number;
  #frames: EncodedFrame[] = [];
  #batchSamples = 0;
  #totalSamples = 0;
  /** What a lost frame stands for: the duration of the last good one. */
  #usualSamples: number;

  constructor(codec: FrameSource, format: FramedFormat, maxSeconds: number, report: ReadReport) {
    this.#codec = codec;
    this.#report = report;
    this.#maxSamples = maxSeconds * codec.sampleRate;
    this.#usualSamples = Math.round((format.frameSize * codec.sampleRate) / format.sampleRate);
  }

  *take(events: readonly FrameEvent[]): Generator<readonly SourceFrame[], void, undefined> {
    for (const event of events) {
      switch (event.kind) {
        case 'frame':
          yield* this.#frame(event.payload);
          break;
        case 'corrupt':
          if (!event.recovered)
            this.#report.stoppedBecause = `No frame was found after byte ${event.offset} (${event.reason}).`;
          for (let i = 0; i < event.lostFrames; i++) yield* this.#add(null, this.#usualSamples);
          break;
        case 'torn':
          this.#report.tornBytes += event.bytes;
          break;
      }
    }
  }

  *end(): Generator<readonly SourceFrame[], void, undefined> {
    yield* this.#give();
    yield* nonEmpty(this.#codec.end());
  }

  *#frame(payload: Uint8Array): Generator<readonly SourceFrame[], void, undefined> {
    const samples = this.#codec.durationOf(payload);
    if (samples === null) {
      yield* this.#add(null, this.#usualSamples);
      return;
    }
    this.#usualSamples = samples;
    yield* this.#add(payload, samples);
  }

  *#add(payload: Uint8Array | null, samples: number): Generator<readonly SourceFrame[], void, undefined> {
    this.#totalSamples += samples;
    if (this.#totalSamples > this.#maxSamples) throw new AppError('recording_too_long');
    this.#frames.push({ payload, samples });
    this.#batchSamples += samples;
    if (this.#batchSamples >= this.#codec.sampleRate) yield* this.#give();
  }

  *#give(): Generator<readonly SourceFrame[], void, undefined> {
    const frames = this.#codec.take(this.#frames);
    this.#frames = [];
    this.#batchSamples = 0;
    yield* nonEmpty(frames);
  }
}

function* nonEmpty(frames: readonly SourceFrame[]): Generator<readonly SourceFrame[], void, undefined> {
  if (frames.length > 0) yield frames;
}
