/** `.bin` recordings: frames from the reader, batched by the second, through a decoder. */
import { AppError } from '../errors.ts';
import type { FramedFormat } from '../recordings/format.ts';
import { FrameReader, type FrameEvent } from '../recordings/frames.ts';
import { type AudioBlock, type DecodeReport } from './pcm.ts';

/** A frame as the recording holds it. */
export interface EncodedFrame {
  /** The frame's bytes, in the reader's memory; null where the frame was lost. */
  readonly payload: Uint8Array | null;
  /** Duration in samples at the decoder's `sampleRate`. */
  readonly samples: number;
}

/** A codec. Stateful: one instance decodes one recording, in order. */
export interface FrameDecoder {
  /** Samples a second in which it counts the duration of encoded frames. */
  readonly sampleRate: number;
  /** Duration of a frame, read without decoding it; null when it is no frame of this codec. */
  durationOf(payload: Uint8Array): number | null;
  /** Decodes as much as it can, lost frames to silence; the block owns its memory. May hold back a little until `end`. */
  decode(frames: readonly EncodedFrame[]): AudioBlock;
  /** What was held back. */
  end(): AudioBlock;
  free(): void;
}

/** The reader's events of at most this many bytes are held at once, however large the pieces that the source gives. */
const PIECE_BYTES = 64 * 1024;

/** Decodes a framed recording; durations are checked before a frame is decoded or held. */
export async function* decodeFrames(
  source: AsyncIterable<Uint8Array>,
  format: FramedFormat,
  openDecoder: () => Promise<FrameDecoder>,
  limits: { readonly maxSeconds: number },
  report: DecodeReport,
): AsyncGenerator<AudioBlock, void, undefined> {
  const decoder = await openDecoder();
  try {
    const batches = new Batches(decoder, format, limits.maxSeconds, report);
    const reader = new FrameReader(format);
    for await (const piece of source) {
      for (let start = 0; start < piece.length; start += PIECE_BYTES) {
        yield* batches.take(reader.push(piece.subarray(start, start + PIECE_BYTES)));
      }
    }
    yield* batches.take(reader.end());
    yield* batches.end();
  } finally {
    decoder.free();
  }
}

/** Collects frames until they make a second, then decodes them together: a call a frame costs more than the decoding. */
class Batches {
  readonly #decoder: FrameDecoder;
  readonly #report: DecodeReport;
  readonly #maxSamples: number;
  #frames: EncodedFrame[] = [];
  #batchSamples = 0;
  #totalSamples = 0;
  /** What a lost frame stands for: the duration of the last good one. */
  #usualSamples: number;

  constructor(decoder: FrameDecoder, format: FramedFormat, maxSeconds: number, report: DecodeReport) {
    this.#decoder = decoder;
    this.#report = report;
    this.#maxSamples = maxSeconds * decoder.sampleRate;
    this.#usualSamples = Math.round((format.frameSize * decoder.sampleRate) / format.sampleRate);
  }

  *take(events: readonly FrameEvent[]): Generator<AudioBlock, void, undefined> {
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

  *end(): Generator<AudioBlock, void, undefined> {
    yield* this.#decode();
    yield* nonEmpty(this.#decoder.end());
  }

  *#frame(payload: Uint8Array): Generator<AudioBlock, void, undefined> {
    const samples = this.#decoder.durationOf(payload);
    if (samples === null) {
      yield* this.#add(null, this.#usualSamples);
      return;
    }
    this.#usualSamples = samples;
    yield* this.#add(payload, samples);
  }

  *#add(payload: Uint8Array | null, samples: number): Generator<AudioBlock, void, undefined> {
    this.#totalSamples += samples;
    if (this.#totalSamples > this.#maxSamples) throw new AppError('recording_too_long');
    this.#frames.push({ payload, samples });
    this.#batchSamples += samples;
    if (this.#batchSamples >= this.#decoder.sampleRate) yield* this.#decode();
  }

  *#decode(): Generator<AudioBlock, void, undefined> {
    const block = this.#decoder.decode(this.#frames);
    this.#frames = [];
    this.#batchSamples = 0;
    yield* nonEmpty(block);
  }
}

function* nonEmpty(block: AudioBlock): Generator<AudioBlock, void, undefined> {
  if (block.frames.length > 0) yield block;
}

/** A block of nothing. */
export const EMPTY_BLOCK: AudioBlock = { frames: [], pcm: new Float32Array(0) };
