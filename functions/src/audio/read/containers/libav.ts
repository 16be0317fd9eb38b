/**
 * FFmpeg's demuxers and audio decoders in WebAssembly (libav.js): the part of them that is used here. They run in a separate
 * worker thread for each recording (`sandboxWorker.ts`). What a hostile file may do stays in the memory of that thread, which
 * {@link boundMemory} limits.
 *
 * There are two builds, because no published one has every codec: `obsolete` is FFmpeg 9.0 with Opus, Vorbis, FLAC, PCM and
 * MP3; `fat` is FFmpeg 6.1 and has AAC, ALAC and MP4. Neither contains a decoder for video.
 */
import { createRequire } from 'node:module';

export type LibavVariant = 'obsolete' | 'fat';

/** A pointer into the memory of the module. */
export type Pointer = number;

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

/** FFmpeg's `AV_LOG_QUIET`. Its messages would contain names and tags from the file. */
const LOG_QUIET = -8;

const WASM_PAGE_BYTES = 64 * 1024;

interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** A compiled module, without memory or state. It can be sent to other threads. */
interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

/** The builds that have been compiled. Compiling one takes longer than decoding a minute of audio. */
export type CompiledBuilds = Map<LibavVariant, WasmModule>;

/** Node has it, but its types come with those of the DOM, which are not loaded here. */
declare const WebAssembly: {
  readonly Memory: { readonly prototype: WasmMemory };
  compile(code: Uint8Array): Promise<WasmModule>;
  readonly instantiate: (module: WasmModule, imports: object) => Promise<object>;
};

/**
 * Limits the memory of every WebAssembly module of this thread. Growing beyond the limit fails, and FFmpeg reports that it is
 * out of memory. Each recording has its own thread, so no other recording is affected by the changed prototype.
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
 * Loads one of the builds, and adds it to `compiled` if it is not in it. libav.js does not accept a compiled module, so the
 * function that it calls to compile and instantiate one is replaced while it loads. So two builds must not load at the same
 * time.
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
  // Each package has its own types. `Libav` is what both have in common.
  Reflect.deleteProperty(globalThis, 'LibAV'); // left by another build: this one would look for its files there
  const build = load(`@libav.js/variant-${variant}`) as LibavBuild;
  const libav = await build.LibAV({ noworker: true, nothreads: true });
  libav.av_log_set_level_sync(LOG_QUIET);
  return libav;
}
