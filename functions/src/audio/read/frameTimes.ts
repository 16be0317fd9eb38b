/** The duration of each frame of a `.bin` recording, empty and lost frames included. */
import { isOpus } from './format.ts';
import type { FramedFormat } from './format.ts';
import { LENGTH_BYTES } from './frameBytes.ts';
import type { FrameEvent } from './frameEvents.ts';
import { opusPacketSamples48k } from './opusPacket.ts';
import { SplitSamples } from './splitSamples.ts';

/** A frame in time. `samples` count at {@link FrameTimes.rate}. */
export type TimedFrame =
  | { readonly kind: 'audio'; readonly payload: Uint8Array; readonly samples: number }
  /** `empty`: nothing was recorded. `lost`: what was recorded cannot be read. */
  | { readonly kind: 'empty' | 'lost'; readonly payload: null; readonly samples: number };

/** Bytes of a second of Opus, if no frame shows it: 32 kbit/s, which most wearables use for speech. */
const ASSUMED_OPUS_BYTES_PER_SECOND = 4000;
/**
 * How many stretches without audio, before the first frame, wait for its duration. If there are more, the duration in the name
 * is used.
 */
const MAX_WAITING = 1000;

/** Frames whose duration is not known yet. */
interface Waiting {
  readonly kind: 'empty' | 'lost';
  count: number;
  bytes: number;
}

/**
 * Turns the events of one recording's {@link FrameReader}, pushed in order, into frames with durations. Memory does not depend
 * on the length of the recording.
 */
export class FrameTimes {
  /** Samples a second. */
  readonly rate: number;
  readonly #format: FramedFormat;
  /** Bytes of one sample of all channels; 0 for Opus, whose packets state their durations. */
  readonly #stride: number;
  readonly #split: SplitSamples;
  /** Samples of a frame, as the name of the recording states. */
  readonly #nominal: number;
  /** Samples of an ordinary frame: the duration of the last two neighbours that agreed; null before the first frame. */
  #usual: number | null = null;
  #previous = 0;
  #waiting: Waiting[] = [];

  constructor(format: FramedFormat) {
    const opus = isOpus(format);
    this.#format = format;
    this.rate = opus ? 48_000 : format.sampleRate;
    this.#stride = opus ? 0 : format.channels * (format.codec === 'pcm16' ? 2 : 1);
    this.#split = new SplitSamples(this.#stride, format.codec === 'pcm16');
    // A whole number of samples at 16 kHz, the rate at which Opus frames are counted later.
    this.#nominal = opus ? 3 * Math.round((format.frameSize * 16_000) / format.sampleRate) : format.frameSize;
  }

  /** @returns the frames of this event. Read them before the next push; a damaged place may have many */
  push(event: FrameEvent): Iterable<TimedFrame> {
    if (event.kind !== 'frame' && event.kind !== 'torn') this.#split.reset();
    switch (event.kind) {
      case 'frame':
        return this.#stride === 0 ? this.#frame(event.payload) : this.#pcm(event.payload);
      case 'empty':
        return this.#pass('empty', 1, LENGTH_BYTES);
      case 'corrupt':
        return this.#pass('lost', event.lostFrames, event.bytes);
      case 'torn':
        return this.#torn(event.payload);
    }
  }

  /** Frames that waited for a first frame, and a last sample that is incomplete. */
  *end(): Generator<TimedFrame, void, undefined> {
    yield* this.#releaseWaiting(this.#nominal);
    if (this.#split.isOpen) yield { kind: 'lost', payload: null, samples: 1 };
  }

  /** The duration of a payload in samples; null if it cannot be a frame. */
  samplesOf(payload: Uint8Array): number | null {
    if (this.#stride === 0) return opusPacketSamples48k(payload);
    return payload.length < this.#stride ? null : Math.floor(payload.length / this.#stride);
  }

  #pcm(payload: Uint8Array): Iterable<TimedFrame> {
    const whole = this.#split.push(payload);
    return whole.length > 0 ? this.#frame(whole) : [];
  }

  #frame(payload: Uint8Array): Iterable<TimedFrame> {
    const samples = this.samplesOf(payload);
    if (samples === null) return this.#pass('lost', 1, LENGTH_BYTES + payload.length);
    const frame: TimedFrame = { kind: 'audio', payload, samples };
    const isFirst = this.#usual === null;
    if (samples === this.#previous) this.#usual = samples;
    this.#previous = samples;
    return isFirst ? this.#withWaiting(frame) : [frame];
  }

  *#withWaiting(first: TimedFrame): Generator<TimedFrame, void, undefined> {
    yield* this.#releaseWaiting(first.samples);
    yield first;
  }

  /** The part of a torn PCM frame that is there is audio. A torn packet cannot be decoded. */
  *#torn(payload: Uint8Array): Generator<TimedFrame, void, undefined> {
    const samples = this.#stride === 0 ? null : this.samplesOf(payload);
    if (samples !== null) yield { kind: 'audio', payload, samples };
  }

  *#pass(kind: 'empty' | 'lost', count: number, bytes: number): Generator<TimedFrame, void, undefined> {
    if (this.#usual !== null) {
      yield* this.#silence({ kind, count, bytes }, this.#usual);
      return;
    }
    const last = this.#waiting.at(-1);
    if (last?.kind === kind) {
      last.count += count;
      last.bytes += bytes;
    } else {
      this.#waiting.push({ kind, count, bytes });
    }
    if (this.#waiting.length > MAX_WAITING) yield* this.#releaseWaiting(this.#nominal);
  }

  *#releaseWaiting(samples: number): Generator<TimedFrame, void, undefined> {
    const isFirst = this.#usual === null;
    this.#usual ??= samples;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) yield* this.#silence(isFirst ? this.#counted(each) : each, this.#usual);
  }

  /** If no frame has shown the size of frames, unreadable bytes are counted by the usual bit rate of the codec. */
  #counted(waiting: Waiting): Waiting {
    if (waiting.kind === 'empty' || waiting.count > 1 || this.#stride > 0) return waiting;
    const seconds = this.#format.frameSize / this.#format.sampleRate;
    const frameBytes = LENGTH_BYTES + seconds * ASSUMED_OPUS_BYTES_PER_SECOND;
    return { ...waiting, count: Math.max(1, Math.round(waiting.bytes / frameBytes)) };
  }

  *#silence({ kind, count, bytes }: Waiting, usual: number): Generator<TimedFrame, void, undefined> {
    // The duration of PCM follows from its bytes, whatever the sizes of its frames.
    const isMeasured = this.#stride > 0 && kind === 'lost';
    const total = isMeasured ? Math.max(1, Math.round((bytes - LENGTH_BYTES * count) / this.#stride)) : count * usual;
    for (let i = 0, done = 0; i < count; i++) {
      const samples = Math.round((total * (i + 1)) / count) - done;
      done += samples;
      if (samples > 0) yield { kind, payload: null, samples };
    }
  }
}
