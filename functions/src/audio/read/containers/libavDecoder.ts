/** The decoder and the resampler of libav.js. Each instance handles one track. */
import type { Libav, Pointer } from './libav.ts';

/** FFmpeg's `AV_SAMPLE_FMT_FLTP`: 32-bit floats, one array for each channel. */
const FLOAT_PLANAR = 8;

/** FFmpeg's default channel layouts, by the number of channels. Nothing here depends on which speakers they name. */
const LAYOUTS: Readonly<Record<number, number>> = {
  1: 0x4,
  2: 0x3,
  3: 0x7,
  4: 0x33,
  5: 0x37,
  6: 0x3f,
  7: 0x13f,
  8: 0x63f,
};

/** A packet that begins with so many zeros is not sound, bytes. */
const ZEROED_BYTES = 16;

/** One audio decoder with its packet and frame. */
export class AudioDecoder {
  readonly #libav: Libav;
  readonly #context: Pointer;
  readonly #frame: Pointer;
  readonly #isPcm: boolean;

  private constructor(libav: Libav, context: number, frame: number, isPcm: boolean) {
    this.#libav = libav;
    this.#context = context;
    this.#frame = frame;
    this.#isPcm = isPcm;
  }

  /** @throws Error if the decoder refuses the parameters of the stream */
  static open(libav: Libav, decoder: string, codecpar: number): AudioDecoder {
    const [, context, , frame] = libav.ff_init_decoder_sync(decoder, codecpar);
    return new AudioDecoder(libav, context, frame, decoder.startsWith('pcm_'));
  }

  /**
   * Decodes a packet; null is the end of the stream. Each frame is valid only until the next one.
   * @returns whether the decoder accepted the packet without an error
   */
  decode(packet: number | null, onFrame: (frame: number) => void): boolean {
    if (packet !== null && this.#isZeroed(packet)) return false;
    let isIntact = this.#libav.avcodec_send_packet_sync(this.#context, packet ?? 0) >= 0;
    for (;;) {
      const result = this.#libav.avcodec_receive_frame_sync(this.#context, this.#frame);
      if (result < 0) {
        if (result !== EAGAIN && result !== EOF) isIntact = false;
        return isIntact;
      }
      onFrame(this.#frame);
      this.#libav.av_frame_unref_sync(this.#frame);
    }
  }

  /**
   * Whether a packet of a compressed codec begins with zeros: storage lost it. Without this check, Opus would decode it as
   * silence.
   */
  #isZeroed(packet: number): boolean {
    if (this.#isPcm || this.#libav.AVPacket_size_sync(packet) < ZEROED_BYTES) return false;
    const start = this.#libav.copyout_u8_sync(this.#libav.AVPacket_data_sync(packet), ZEROED_BYTES);
    return start.every((byte) => byte === 0);
  }

  close(): void {
    this.#libav.avcodec_free_context_js_sync(this.#context);
  }
}

/** The results of libav.js if a decoder needs more input, and at the end of a file. */
const EAGAIN = -6;
const EOF = -541478725;

export function isEndOfFile(result: number): boolean {
  return result === EOF;
}

/** The format of the samples of a frame. */
export interface FrameShape {
  readonly sampleRate: number;
  readonly channels: number;
  readonly format: number;
}

export function shapeOf(libav: Libav, frame: number): FrameShape {
  return {
    sampleRate: libav.AVFrame_sample_rate_sync(frame),
    channels: libav.AVFrame_channels_sync(frame),
    format: libav.AVFrame_format_sync(frame),
  };
}

/** Converts frames of one shape to one array of floats for each channel, at another rate (libswresample). */
export class FrameResampler {
  readonly #libav: Libav;
  readonly #graph: number;
  readonly #source: number;
  readonly #sink: number;
  readonly #channels: number;
  readonly #output: number;

  private constructor(libav: Libav, [graph, source, sink]: [number, number, number], channels: number) {
    this.#libav = libav;
    this.#graph = graph;
    this.#source = source;
    this.#sink = sink;
    this.#channels = channels;
    this.#output = libav.av_frame_alloc_sync();
  }

  static open(libav: Libav, shape: FrameShape, toRate: number): FrameResampler {
    const layout = { channels: shape.channels, channel_layout: LAYOUTS[shape.channels] ?? 0 };
    const graph = libav.ff_init_filter_graph_sync(
      `aresample=${toRate}`,
      { ...layout, sample_rate: shape.sampleRate, sample_fmt: shape.format, time_base: [1, shape.sampleRate] },
      { ...layout, sample_rate: toRate, sample_fmt: FLOAT_PLANAR },
    );
    return new FrameResampler(libav, graph, shape.channels);
  }

  /** @param frame the next frame; null for the end. @returns the samples that are ready, one array for each channel */
  push(frame: number | null): Float32Array[][] {
    if (frame !== null) this.#libav.AVFrame_channel_layoutmask_s_sync?.(frame, LAYOUTS[this.#channels] ?? 0);
    this.#libav.av_buffersrc_add_frame_flags_sync(this.#source, frame ?? 0, 0);
    const ready: Float32Array[][] = [];
    while (this.#libav.av_buffersink_get_frame_sync(this.#sink, this.#output) >= 0) {
      const samples = this.#libav.AVFrame_nb_samples_sync(this.#output);
      ready.push(
        Array.from({ length: this.#channels }, (_, channel) =>
          finite(this.#libav.copyout_f32_sync(this.#libav.AVFrame_data_a_sync(this.#output, channel), samples)),
        ),
      );
      this.#libav.av_frame_unref_sync(this.#output);
    }
    return ready;
  }

  close(): void {
    this.#libav.avfilter_graph_free_js_sync(this.#graph);
  }
}

/**
 * Replaces samples that are NaN or infinite, which tracks of floats may contain, by silence: in a mix they would spread to
 * everything.
 */
function finite(samples: Float32Array): Float32Array {
  for (let i = 0; i < samples.length; i++) if (!Number.isFinite(samples[i])) samples[i] = 0;
  return samples;
}
