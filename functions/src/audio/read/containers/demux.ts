/** Opens a part of a file with a demuxer. Runs in the sandbox. */
import { AppError } from '../../../errors.ts';
import type { Builds } from './builds.ts';
import type { FileView } from './fileView.ts';
import { VARIANTS } from './formats.ts';
import type { Demuxer } from './formats.ts';
import type { Libav, LibavVariant } from './libav.ts';
import { mountView, openDemuxer } from './libavInput.ts';
import type { AudioStream } from './libavInput.ts';
import { implausible, MAX_TRACKS, tooManyTracks } from './limits.ts';
import type { Workload } from './limits.ts';

/** What is needed to open a part. */
export interface DemuxOptions {
  readonly demuxer: Demuxer;
  readonly builds: Builds;
  readonly workload: Workload;
}

/** A part of a file between places where bytes are missing. */
export interface FilePart {
  readonly view: FileView;
  /** The audio that is missing before it, seconds, if no time stamps show it. */
  readonly lostSeconds?: number;
  /** Its duration, seconds, if that is known without decoding it. */
  readonly seconds?: number;
}

/** What is known about the end of a file. */
export interface FileEnd {
  /** The audio that is missing behind the last part, in bytes or in seconds. */
  readonly bytes?: number;
  readonly seconds?: number;
  /** Where the last part ends, seconds, if that is known. */
  readonly endsAt?: number;
  /** Whether the packets of the last part do not say where they begin. */
  readonly isLastUnplaced?: boolean;
}

/** A part of a file that a demuxer has opened, and its audio tracks. */
export interface Demuxed {
  readonly libav: Libav;
  /** The demuxer's context. */
  readonly context: number;
  readonly streams: readonly AudioStream[];
}

/** @throws AppError `recording_corrupt` for a file that is refused; Error if it has no audio track */
export async function demux(
  view: FileView,
  variant: LibavVariant,
  { demuxer, builds, workload }: DemuxOptions,
): Promise<Demuxed> {
  workload.open();
  const libav = await builds.get(variant);
  const { context, streams } = await openDemuxer(libav, await mountView(libav, view), demuxer);
  if (streams.length === 0) throw new Error('The file has no audio track.');
  if (streams.length > MAX_TRACKS) {
    throw new AppError('recording_corrupt', { message: tooManyTracks(streams.length) });
  }
  for (const stream of streams) refuseImplausible(stream);
  return { libav, context, streams };
}

/**
 * The duration of the packets of a part with one track. By its time stamps, the last packet of a stream may seem to last since
 * the start of the stream, so it counts as no longer than the packet before it.
 */
export async function packetSeconds(view: FileView, options: DemuxOptions): Promise<number> {
  const [variant = 'obsolete'] = VARIANTS[options.demuxer];
  const { libav, context, streams } = await demux(view, variant, options);
  const packet = libav.av_packet_alloc_sync();
  const ticks: number[] = [];
  while ((await libav.av_read_frame(context, packet)) >= 0) {
    ticks.push(libav.AVPacket_duration_sync(packet));
    libav.av_packet_unref_sync(packet);
  }
  libav.avformat_close_input_js_sync(context);
  const last = Math.min(ticks.at(-1) ?? 0, ticks.at(-2) ?? 0);
  return (ticks.slice(0, -1).reduce((sum, each) => sum + each, 0) + last) * (streams[0]?.tick ?? 0);
}

export function refuseImplausible(shape: { readonly sampleRate: number; readonly channels: number }): void {
  const complaint = implausible(shape);
  if (complaint !== null) throw new AppError('recording_corrupt', { message: complaint });
}
