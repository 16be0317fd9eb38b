/** Gives libav.js a file to read, and lists the audio tracks that its container describes. */
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import type { Libav, Pointer } from './libav.ts';

/** An audio track as the container describes it. */
export interface AudioStream {
  readonly index: number;
  readonly codecpar: Pointer;
  /** FFmpeg's name of the codec. */
  readonly codec: string;
  /** The unit of its time stamps, seconds. */
  readonly tick: number;
  /** The duration, seconds; null if the container does not state it. */
  readonly duration: number | null;
  readonly sampleRate: number;
  readonly channels: number;
}

/** How many bytes of the file are read at a time: each read leaves the module and enters it again. */
const BLOCK_BYTES = 256 * 1024;

let devices = 0;

/** Makes a part of a file a device in which the module can seek. @returns the device's name */
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
 * @throws Error if the build has no such demuxer, or the file is not of that kind
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
  const claimed = audioStreams(libav, context);
  await libav.avformat_find_stream_info(context, 0); // decodes the first packets, which may be damaged
  const streams = audioStreams(libav, context).map((stream): AudioStream => {
    const { sampleRate, channels } = claimed.find(({ index }) => index === stream.index) ?? stream;
    return { ...stream, sampleRate: sampleRate || stream.sampleRate, channels: channels || stream.channels };
  });
  return { context, streams };
}

function audioStreams(libav: Libav, context: Pointer): AudioStream[] {
  const count = libav.AVFormatContext_nb_streams_sync(context);
  return Array.from({ length: count }, (_, index) => audioStream(libav, context, index)).filter(
    (each) => each !== null,
  );
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

/** A 64-bit time stamp in two halves as a number; null for FFmpeg's "no time stamp". */
export function timestampOf(low: number, high: number): number | null {
  if (high === -0x8000_0000 && low === 0) return null;
  return high * 0x1_0000_0000 + (low >>> 0);
}
