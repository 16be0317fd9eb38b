/** `.bin` recordings: frames from the reader, batched by the second, as chunks carry them. */
import { AppError } from '../../errors.ts';
import type { FramedFormat } from './format.ts';
import { FrameReader, type FrameEvent } from './frames.ts';
import { FrameTimes } from './frameTimes.ts';
import type { TimedFrame } from './frameTimes.ts';
import type { ReadReport, SourceFrame } from './pcm.ts';

/** A frame as the recording holds it. */
export interface EncodedFrame {
  /** The frame's bytes, in the reader's memory; null where there is no audio. */
  readonly payload: Uint8Array | null;
  /** Duration in samples at the codec's `sampleRate`. */
  readonly samples: number;
  /** Set where there is no audio because nothing was recorded. */
  readonly isEmpty?: true;
}

/** A codec. Stateful: one instance takes one recording, in order. */
export interface FrameSource {
  /** Samples a second in which it counts the duration of encoded frames. */
  readonly sampleRate: number;
  /** Longest payload it takes, bytes. */
  readonly maxPayloadBytes: number;
  /** Frames as chunks carry them, in memory of their own. May hold back a little until `end`. */
  toSourceFrames(frames: readonly EncodedFrame[]): SourceFrame[];
  /** What was held back. */
  end(): SourceFrame[];
}

/** The reader's events of at most this many bytes are held at once, however large the pieces that the source gives. */
const PIECE_BYTES = 64 * 1024;
/** Frames shorter than this, the shortest that Opus has, are put together: a frame costs hundreds of bytes of memory. */
const SHORTEST_FRAME_SECONDS = 0.0025;
const MERGED_FRAME_SECONDS = 0.01;

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
      yield* batches.push(reader.push(piece.subarray(start, start + PIECE_BYTES)));
    }
  }
  yield* batches.push(reader.end());
  yield* batches.end();
}

/** Collects frames until they make a second: a step a frame would cost more than all else here. */
class Batches {
  readonly #codec: FrameSource;
  readonly #report: ReadReport;
  readonly #maxSamples: number;
  readonly #times: FrameTimes;
  #frames: EncodedFrame[] = [];
  #batchSamples = 0;
  #totalSamples = 0;

  constructor(codec: FrameSource, format: FramedFormat, maxSeconds: number, report: ReadReport) {
    this.#codec = codec;
    this.#report = report;
    this.#maxSamples = maxSeconds * codec.sampleRate;
    this.#times = new FrameTimes(format);
  }

  *push(events: readonly FrameEvent[]): Generator<readonly SourceFrame[], void, undefined> {
    for (const event of events) {
      if (event.kind === 'torn') this.#report.tornBytes += event.bytes;
      if (event.kind === 'corrupt' && !event.recovered) {
        this.#report.stoppedBecause = `No frame was found after byte ${event.offset} (${event.reason}).`;
      }
      yield* this.#add(this.#times.push(event));
    }
  }

  *end(): Generator<readonly SourceFrame[], void, undefined> {
    yield* this.#add(this.#times.end());
    yield* this.#flush();
    yield* nonEmpty(this.#codec.end());
  }

  *#add(frames: Iterable<TimedFrame>): Generator<readonly SourceFrame[], void, undefined> {
    for (const { kind, payload, samples: ofTimes } of frames) {
      const samples = (ofTimes * this.#codec.sampleRate) / this.#times.rate;
      this.#totalSamples += samples;
      if (this.#totalSamples > this.#maxSamples) throw new AppError('recording_too_long');
      const isTaken = payload !== null && payload.length <= this.#codec.maxPayloadBytes;
      this.#frames.push(
        kind === 'empty' ? { payload: null, samples, isEmpty: true } : { payload: isTaken ? payload : null, samples },
      );
      this.#batchSamples += samples;
      if (this.#batchSamples >= this.#codec.sampleRate) yield* this.#flush();
    }
  }

  *#flush(): Generator<readonly SourceFrame[], void, undefined> {
    const frames = this.#codec.toSourceFrames(mergeShort(this.#frames, this.#codec.sampleRate));
    this.#frames = [];
    this.#batchSamples = 0;
    yield* nonEmpty(frames);
  }
}

/**
 * Puts neighbours of less than 2.5 ms together where a second has more frames than Opus can have: a recording of one sample a
 * frame is as good as any, and must not cost more. The result depends on the frames alone, so the ordinals of frames are the
 * same each time a recording is read.
 */
function mergeShort(frames: readonly EncodedFrame[], rate: number): readonly EncodedFrame[] {
  if (frames.length <= 1 / SHORTEST_FRAME_SECONDS) return frames;
  const groups: { readonly frames: EncodedFrame[]; samples: number }[] = [];
  for (const frame of frames) {
    const last = groups.at(-1);
    const isShort = frame.samples < SHORTEST_FRAME_SECONDS * rate;
    if (last && isShort && last.samples < MERGED_FRAME_SECONDS * rate && isSameKind(last.frames[0], frame)) {
      last.frames.push(frame);
      last.samples += frame.samples;
    } else {
      groups.push({ frames: [frame], samples: frame.samples });
    }
  }
  return groups.map((group) => together(group.frames, group.samples));
}

function together(frames: readonly EncodedFrame[], samples: number): EncodedFrame {
  const [first] = frames;
  const payload = first?.payload ? Buffer.concat(frames.map((frame) => frame.payload ?? new Uint8Array(0))) : null;
  return first?.isEmpty ? { payload: null, samples, isEmpty: true } : { payload, samples };
}

function isSameKind(a: EncodedFrame | undefined, b: EncodedFrame): boolean {
  return a !== undefined && (a.payload === null) === (b.payload === null) && a.isEmpty === b.isEmpty;
}

function* nonEmpty(frames: readonly SourceFrame[]): Generator<readonly SourceFrame[], void, undefined> {
  if (frames.length > 0) yield frames;
}
