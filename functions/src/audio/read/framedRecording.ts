/** Reads `.bin` recordings: collects the reader's frames to batches of a second, in the form that chunks carry. */
import { AppError } from '../../errors.ts';
import type { FramedFormat } from './format.ts';
import type { FrameEvent } from './frameEvents.ts';
import { FrameReader } from './frames.ts';
import { FrameTimes } from './frameTimes.ts';
import type { TimedFrame } from './frameTimes.ts';
import type { ReadReport, SourceFrame } from './pcm.ts';

/** A frame as the recording holds it. */
export interface EncodedFrame {
  /** The bytes of the frame, in the reader's memory; null if there is no audio. */
  readonly payload: Uint8Array | null;
  /** Duration in samples at the codec's `sampleRate`. */
  readonly samples: number;
  /** True if there is no audio because nothing was recorded. */
  readonly isEmpty?: true;
}

/** A codec. It has state: each instance reads one recording, in order. */
export interface FrameSource {
  /** The rate at which it counts the durations of encoded frames, samples a second. */
  readonly sampleRate: number;
  /** The longest payload that it can decode, bytes. */
  readonly maxPayloadBytes: number;
  /** Converts frames to the form that chunks carry, in separate memory. It may hold some frames back until `end`. */
  toSourceFrames(frames: readonly EncodedFrame[]): SourceFrame[];
  /** The frames that were held back. */
  end(): SourceFrame[];
}

/**
 * The reader gets at most this many bytes at a time, however large the pieces of the source are. This bounds the events in
 * memory.
 */
const PIECE_BYTES = 64 * 1024;
/** Frames shorter than this, the shortest of Opus, are joined: each frame takes hundreds of bytes of memory. */
const SHORTEST_FRAME_SECONDS = 0.0025;
const MERGED_FRAME_SECONDS = 0.01;

/**
 * Reads a framed recording. The duration is checked before a frame is kept.
 * @throws AppError `recording_too_long`
 */
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

/**
 * Collects frames of a second into one batch: a step of the generator for each frame would take more time than everything else
 * here.
 */
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
 * Joins neighbouring frames shorter than 2.5 ms, if a second has more frames than Opus can have. A recording with one sample in
 * each frame is valid, but must not cost more than others. The result depends on the frames alone, so each reading of a
 * recording gives frames the same ordinals.
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
  return groups.map((group) => joinFrames(group.frames, group.samples));
}

function joinFrames(frames: readonly EncodedFrame[], samples: number): EncodedFrame {
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
