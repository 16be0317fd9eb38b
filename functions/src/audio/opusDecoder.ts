/** Opus packets to 16 kHz mono, by libopus compiled to WebAssembly (`opus-decoder`). */
import { OpusDecoder } from 'opus-decoder';
import { opusPacketSamples48k } from '../recordings/opusPacket.ts';
import { EMPTY_BLOCK, type EncodedFrame, type FrameDecoder } from './frameDecoder.ts';
import { SAMPLE_RATE, type AudioBlock, type SourceFrame } from './pcm.ts';

/** All Opus durations are multiples of 2.5 ms (RFC 6716 §3.1), so 48 kHz counts divide exactly. */
const SAMPLES_48K_PER_SAMPLE = 48_000 / SAMPLE_RATE;

/**
 * What `opus-decoder` reserves for one packet of one channel: 120 ms at 256 kbit/s. It throws a RangeError beyond; no
 * encoder of speech comes near (a 20 ms packet is at most 1,275 bytes: RFC 6716 §3.4).
 */
const MAX_PACKET_BYTES = 3840;

type Libopus = OpusDecoder<typeof SAMPLE_RATE>;

export class OpusFrameDecoder implements FrameDecoder {
  readonly sampleRate = SAMPLE_RATE;
  readonly #libopus: Libopus;
  /** Frames given to libopus so far: its errors carry this count. */
  #given = 0;

  private constructor(libopus: Libopus) {
    this.#libopus = libopus;
  }

  /**
   * libopus decodes straight to 16 kHz (no resampler, a third of the PCM) and mixes stereo down itself. No samples are
   * skipped: pre-skip belongs to a whole Ogg stream, a recording may begin anywhere in one. A fresh instance costs about
   * a millisecond (the module stays compiled); `reset()` of the library would do the same.
   */
  static async open(): Promise<OpusFrameDecoder> {
    const libopus: Libopus = new OpusDecoder({ sampleRate: SAMPLE_RATE, channels: 1, preSkip: 0 });
    await libopus.ready;
    return new OpusFrameDecoder(libopus);
  }

  durationOf(packet: Uint8Array): number | null {
    if (packet.length > MAX_PACKET_BYTES) return null;
    const samples48k = opusPacketSamples48k(packet);
    return samples48k === null ? null : samples48k / SAMPLES_48K_PER_SAMPLE;
  }

  decode(encoded: readonly EncodedFrame[]): AudioBlock {
    const packets = encoded.flatMap(({ payload }) => payload ?? []);
    const firstGiven = this.#given;
    this.#given += packets.length;
    const { channelData, errors, samplesDecoded } = this.#libopus.decodeFrames(packets);
    const refused = new Set(errors.map((error) => error.frameNumber - firstGiven));

    const frames = ownFrames(encoded, refused);
    const decoded = channelData[0] ?? new Float32Array(0);
    const heard = sumSamples(frames.filter((frame) => frame.payload !== null));
    // The alignment of every later word hangs on this.
    if (heard !== samplesDecoded) throw new Error(`libopus gave ${samplesDecoded} samples for ${heard}`);
    return { frames, pcm: heard === sumSamples(frames) ? decoded : withSilence(frames, decoded) };
  }

  end(): AudioBlock {
    return EMPTY_BLOCK;
  }

  free(): void {
    this.#libopus.free();
  }
}

/** Copies the packets together: a chunk keeps some for minutes, and would keep the reader's whole window with each. */
function ownFrames(encoded: readonly EncodedFrame[], refused: ReadonlySet<number>): SourceFrame[] {
  const bytes = new Uint8Array(encoded.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 0));
  let offset = 0;
  let packet = 0;
  return encoded.map(({ payload, samples }) => {
    if (payload === null || refused.has(packet++)) return { payload: null, samples };
    bytes.set(payload, offset);
    const own = bytes.subarray(offset, (offset += payload.length));
    return { payload: own, samples };
  });
}

/** Lays the decoded samples under the frames that they belong to, zeros under the lost ones. */
function withSilence(frames: readonly SourceFrame[], decoded: Float32Array): Float32Array {
  const pcm = new Float32Array(sumSamples(frames));
  let to = 0;
  let from = 0;
  for (const { payload, samples } of frames) {
    if (payload !== null) {
      pcm.set(decoded.subarray(from, from + samples), to);
      from += samples;
    }
    to += samples;
  }
  return pcm;
}

function sumSamples(frames: readonly SourceFrame[]): number {
  return frames.reduce((sum, { samples }) => sum + samples, 0);
}
