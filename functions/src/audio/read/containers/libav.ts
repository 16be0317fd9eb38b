/**
 * FFmpeg's demuxers and audio decoders in WebAssembly (libav.js), as far as they are used here. Runs in a worker thread of its own
 * (`sandboxWorker.ts`): what a hostile file may do to it stays in its memory, which {@link boundMemory} limits.
 *
 * Two builds, because no published one has every codec: `obsolete` is FFmpeg 9.0 with Opus, Vorbis, FLAC, PCM and MP3; `fat` is
 * FFmpeg 6.1 and has AAC, ALAC and MP4. Neither contains a decoder for video.
 */
import { createRequire } from 'node:module';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';

export type LibavVariant = 'obsolete' | 'fat';

/** A pointer into the memory of the module. */
type Pointer = number;

/** An audio track as the container describes it. */
export interface AudioStream {
  readonly index: number;
  readonly codecpar: Pointer;
  /** FFmpeg's name. */
  readonly codec: string;
  /** Seconds in a tick of its time stamps. */
  readonly tick: number;
  /** Seconds; null where the container does not say. */
  readonly duration: number | null;
  readonly sampleRate: number;
  readonly channels: number;
}

/** The functions of libav.js that are called here; `_sync` ones never wait for input. */
export interface Libav {
  readonly AVMEDIA_TYPE_AUDIO: number;
  onblockread: (device: string, position: number, length: number) => void;
  mkblockreaderdev(device: string, size: number): Promise<void>;
  ff_block_reader_dev_send(device: string, position: number, data: Uint8Array): Promise<void>;
  av_find_input_format_sync(name: string): Pointer;
  avformat_open_input_js(device: string, format: Pointer, options: Pointer): Promise<Pointer>;
  avformat_find_stream_info(context: Pointer, options: Pointer): Promise<number>;
  AVFormatContext_nb_streams_sync(context: Pointer): number;
  AVFormatContext_streams_a_sync(context: Pointer, index: number): Pointer;
  AVStream_codecpar_sync(stream: Pointer): Pointer;
  AVStream_time_base_num_sync(stream: Pointer): number;
  AVStream_time_base_den_sync(stream: Pointer): number;
  AVStream_duration_sync(stream: Pointer): number;
  AVStream_durationhi_sync(stream: Pointer): number;
  AVCodecParameters_codec_type_sync(parameters: Pointer): number;
  AVCodecParameters_codec_id_sync(parameters: Pointer): number;
  ff_init_decoder_sync(
    name: string,
    codecpar: Pointer,
  ): [codec: Pointer, context: Pointer, packet: Pointer, frame: Pointer];
  ff_init_filter_graph_sync(
    filters: string,
    input: FilterEnd & { readonly time_base: readonly [number, number] },
    output: FilterEnd,
  ): [graph: Pointer, source: Pointer, sink: Pointer];
  av_read_frame(context: Pointer, packet: Pointer): Promise<number>;
  av_log_set_level_sync(level: number): void;
  avcodec_get_name_sync(codecId: number): string;
  avcodec_find_decoder_by_name_sync(name: string): Pointer;
  avcodec_send_packet_sync(context: Pointer, packet: Pointer): number;
  avcodec_receive_frame_sync(context: Pointer, frame: Pointer): number;
  avcodec_free_context_js_sync(context: Pointer): void;
  avformat_close_input_js_sync(context: Pointer): void;
  avfilter_graph_free_js_sync(graph: Pointer): void;
  av_packet_alloc_sync(): Pointer;
  av_packet_unref_sync(packet: Pointer): void;
  av_frame_alloc_sync(): Pointer;
  av_frame_unref_sync(frame: Pointer): void;
  av_buffersrc_add_frame_flags_sync(source: Pointer, frame: Pointer, flags: number): number;
  av_buffersink_get_frame_sync(sink: Pointer, frame: Pointer): number;
  AVPacket_pts_sync(packet: Pointer): number;
  AVPacket_ptshi_sync(packet: Pointer): number;
  AVPacket_pts_s_sync(packet: Pointer, low: number): void;
  AVPacket_ptshi_s_sync(packet: Pointer, high: number): void;
  AVPacket_data_sync(packet: Pointer): Pointer;
  AVPacket_duration_sync(packet: Pointer): number;
  AVPacket_stream_index_sync(packet: Pointer): number;
  AVPacket_size_sync(packet: Pointer): number;
  AVPacket_pos_sync(packet: Pointer): number;
  AVPacket_poshi_sync(packet: Pointer): number;
  AVFrame_pts_sync(frame: Pointer): number;
  AVFrame_ptshi_sync(frame: Pointer): number;
  AVFrame_nb_samples_sync(frame: Pointer): number;
  AVFrame_sample_rate_sync(frame: Pointer): number;
  AVFrame_channels_sync(frame: Pointer): number;
  AVFrame_format_sync(frame: Pointer): number;
  AVFrame_channel_layoutmask_s_sync?(frame: Pointer, layout: number): void;
  AVFrame_data_a_sync(frame: Pointer, plane: number): Pointer;
  AVCodecParameters_sample_rate_sync(parameters: Pointer): number;
  AVCodecParameters_channels_sync(parameters: Pointer): number;
  copyout_f32_sync(from: Pointer, length: number): Float32Array;
  copyout_u8_sync(from: Pointer, length: number): Uint8Array;
}

interface FilterEnd {
  readonly sample_rate: number;
  readonly sample_fmt: number;
  readonly channels: number;
  readonly channel_layout: number;
}

/** FFmpeg's `AV_SAMPLE_FMT_FLTP`: 32-bit floats, an array for each channel. */
const FLOAT_PLANAR = 8;

/** FFmpeg's default layouts by number of channels: which speakers they are matters to nothing here. */
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

/** FFmpeg's `AV_LOG_QUIET`: its messages would carry names and tags out of the file. */
const LOG_QUIET = -8;

const WASM_PAGE_BYTES = 64 * 1024;

interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** A compiled module, without memory or state. Threads can share it: it can be sent from one to another. */
interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

/** The builds that have been compiled: compiling one takes longer than decoding a minute. */
export type CompiledBuilds = Map<LibavVariant, WasmModule>;

/** Of the runtime; the server's types have no WebAssembly. */
declare const WebAssembly: {
  readonly Memory: { readonly prototype: WasmMemory };
  compile(code: Uint8Array): Promise<WasmModule>;
  readonly instantiate: (module: WasmModule, imports: object) => Promise<object>;
};

/**
 * Limits the memory of every WebAssembly module of this thread: what would grow beyond it fails to, and FFmpeg reports that it is
 * out of memory. Each recording has a thread of its own, so no other recording sees the changed prototype.
 */
export function boundMemory(maxBytes: number): void {
  const { prototype } = WebAssembly.Memory;
  // oxlint-disable-next-line typescript/unbound-method -- called with its memory below
  const { grow } = prototype;
  prototype.grow = function (this: WasmMemory, pages: number): number {
    if (this.buffer.byteLength + pages * WASM_PAGE_BYTES > maxBytes)
      throw new RangeError('The memory limit is reached.');
    return grow.call(this, pages);
  };
}

interface LibavBuild {
  readonly LibAV: (options: { noworker: true; nothreads: true }) => Promise<Libav>;
}

/**
 * Loads one of the builds, and adds it to `compiled` where it is not there yet. libav.js has no way to give it a compiled module, so
 * the function that it calls to compile and to instantiate one is replaced. Two builds must not load at once.
 */
export async function loadLibav(variant: LibavVariant, compiled: CompiledBuilds): Promise<Libav> {
  const { instantiate } = WebAssembly;
  const instantiateCode = async (code: Uint8Array, imports: object): Promise<object> => {
    const module = compiled.get(variant) ?? (await WebAssembly.compile(code));
    compiled.set(variant, module);
    return { module, instance: await instantiate(module, imports) };
  };
  Object.assign(WebAssembly, { instantiate: instantiateCode });
  try {
    return await loadBuild(variant);
  } finally {
    Object.assign(WebAssembly, { instantiate });
  }
}

async function loadBuild(variant: LibavVariant): Promise<Libav> {
  const load = createRequire(import.meta.url);
  // The packages have types of their own, one for each version; `Libav` is what both have.
  Reflect.deleteProperty(globalThis, 'LibAV'); // of another build: this one would look for its files beside those
  const build = load(`@libav.js/variant-${variant}`) as LibavBuild;
  const libav = await build.LibAV({ noworker: true, nothreads: true });
  libav.av_log_set_level_sync(LOG_QUIET);
  return libav;
}

/** What is read of the file at a time: each read is a step out of the module and back. */
const BLOCK_BYTES = 256 * 1024;

let devices = 0;

/** Shows a part of a file to the module as a device that it can seek in. @returns the device's name */
export async function mountView(libav: Libav, view: FileView): Promise<string> {
  const device = `recording-${devices++}`;
  libav.onblockread = (name, position, length) => {
    void libav.ff_block_reader_dev_send(name, position, readView(view, position, Math.max(length, BLOCK_BYTES)));
  };
  await libav.mkblockreaderdev(device, view.size);
  return device;
}

/**
 * Opens a device with one demuxer and no other.
 * @throws Error where it is not of that kind
 */
export async function openDemuxer(
  libav: Libav,
  device: string,
  demuxer: string,
): Promise<{ context: Pointer; streams: AudioStream[] }> {
  const format = libav.av_find_input_format_sync(demuxer);
  if (format === 0) throw new Error(`This build has no demuxer for ${demuxer}.`);
  const context = await libav.avformat_open_input_js(device, format, 0);
  if (context === 0) throw new Error(`The file is not ${demuxer}.`);
  await libav.avformat_find_stream_info(context, 0);
  const count = libav.AVFormatContext_nb_streams_sync(context);
  const streams = Array.from({ length: count }, (_, index) => audioStream(libav, context, index));
  return { context, streams: streams.filter((stream) => stream !== null) };
}

function audioStream(libav: Libav, context: Pointer, index: number): AudioStream | null {
  const stream = libav.AVFormatContext_streams_a_sync(context, index);
  const codecpar = libav.AVStream_codecpar_sync(stream);
  if (libav.AVCodecParameters_codec_type_sync(codecpar) !== libav.AVMEDIA_TYPE_AUDIO) return null;
  const tick = libav.AVStream_time_base_num_sync(stream) / libav.AVStream_time_base_den_sync(stream);
  const duration = timestampOf(libav.AVStream_duration_sync(stream), libav.AVStream_durationhi_sync(stream));
  return {
    index,
    codecpar,
    codec: libav.avcodec_get_name_sync(libav.AVCodecParameters_codec_id_sync(codecpar)),
    tick,
    duration: duration === null || duration <= 0 ? null : duration * tick,
    sampleRate: libav.AVCodecParameters_sample_rate_sync(codecpar),
    channels: libav.AVCodecParameters_channels_sync(codecpar),
  };
}

/** A 64-bit integer of two halves as a number; null for FFmpeg's "no time stamp". */
export function timestampOf(low: number, high: number): number | null {
  if (high === -0x8000_0000 && low === 0) return null;
  return high * 0x1_0000_0000 + (low >>> 0);
}

/** One audio decoder with its packet and frame. */
export class AudioDecoder {
  readonly #libav: Libav;
  readonly #context: number;
  readonly #frame: number;

  private constructor(libav: Libav, context: number, frame: number) {
    this.#libav = libav;
    this.#context = context;
    this.#frame = frame;
  }

  /** @throws Error where the decoder refuses the stream's parameters. */
  static open(libav: Libav, decoder: string, codecpar: number): AudioDecoder {
    const [, context, , frame] = libav.ff_init_decoder_sync(decoder, codecpar);
    return new AudioDecoder(libav, context, frame);
  }

  /**
   * Decodes a packet, null for the end. Each frame is valid only until the next.
   * @returns whether the decoder took the packet without an error.
   */
  decode(packet: number | null, onFrame: (frame: number) => void): boolean {
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

  close(): void {
    this.#libav.avcodec_free_context_js_sync(this.#context);
  }
}

/** What libav.js returns where a decoder needs more input, and at the end of a file. */
const EAGAIN = -6;
const EOF = -541478725;

export function isEndOfFile(result: number): boolean {
  return result === EOF;
}

/** What a frame's samples are like. */
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

/** Converts frames of one shape to planes of floats at another rate (libswresample). */
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

  /** Takes a frame, null for the end, and gives the planes that are ready. */
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

/** Tracks of floats may hold what is no number, or infinite: it is silence, where in a mix it would make everything so. */
function finite(samples: Float32Array): Float32Array {
  for (let i = 0; i < samples.length; i++) if (!Number.isFinite(samples[i])) samples[i] = 0;
  return samples;
}
