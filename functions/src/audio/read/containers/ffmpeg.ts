/**
 * The native ffmpeg, for codecs that the sandbox does not know, or where it is asked for. It reads a file and writes the PCM of
 * each audio track to a pipe; placing it in time, mixing and resampling are ours, the same as for the sandbox.
 *
 * It is confined: only demuxers and decoders for audio, only files, a limit for each allocation and for its address space, an
 * empty environment, a process group of its own that is killed as a whole, and a limit on the time in which it gives nothing.
 */
import { closeSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { AppError } from '../../../errors.ts';
import type { ChannelMode } from '../channels.ts';
import type { FileExtension } from '../format.ts';
import { toBatch } from './batch.ts';
import type { Batches } from './batch.ts';
import { claimedSeconds } from './claims.ts';
import { findFfmpeg } from './ffmpegBinary.ts';
import { buildCommand, FFMPEG_DEMUXERS, limitsFor } from './ffmpegCommand.ts';
import { FfmpegProcess } from './ffmpegProcess.ts';
import { openView } from './fileView.ts';
import { MAX_STALL_MS } from './limits.ts';
import { readMatroskaPcm } from './matroskaPcm.ts';
import { oggSeconds } from './ogg.ts';
import { PcmTracks } from './pcmTracks.ts';
import { StallWatch } from './stallWatch.ts';

export interface FfmpegOptions {
  readonly signal: AbortSignal;
  readonly maxSeconds: number;
  readonly channels: ChannelMode;
  readonly ffmpegPath: string;
  /** How long it may give nothing, milliseconds. */
  readonly stallMs?: number;
}

/**
 * Decodes the file at `path`. Gaps in its time stamps are silence, or lost time where the decoder complained.
 * @returns sentences about what could not be read
 * @throws AppError `decoder_unavailable`, `recording_corrupt`; Error where a signal ended the process, which says nothing about the
 * recording.
 */
export async function* decodeWithFfmpeg(path: string, extension: FileExtension, options: FfmpegOptions): Batches {
  const binary = await findFfmpeg(options.ffmpegPath);
  const output = new PassThrough({ emitClose: false });
  const limits = await limitsFor(path);
  const process = new FfmpegProcess(await buildCommand(binary, extension, path, limits), output, limits.addressBytes);
  const stop = (): void => {
    process.kill();
  };
  options.signal.addEventListener('abort', stop, { once: true });
  if (options.signal.aborted) stop();
  const watch = new StallWatch(options.stallMs ?? MAX_STALL_MS, stop);
  let tracks: PcmTracks | null = null;
  try {
    for await (const event of readMatroskaPcm(watch.watched(output.iterator({ destroyOnReturn: false })))) {
      if (event.kind === 'tracks') tracks = new PcmTracks(event.tracks, options.maxSeconds, options.channels);
      else tracks?.push(event, process.hasComplained || extension === 'flac' ? 'lost' : 'silence');
      if (tracks?.isBatchReady) yield toBatch(tracks.drain());
    }
    const failure = await process.ended;
    options.signal.throwIfAborted();
    if (watch.hasStalled) throw new AppError('recording_corrupt', { message: watch.message });
    if (failure?.kind === 'signal') throw failure.error;
    if (tracks === null) {
      const code = failure?.kind === 'program' ? 'decoder_unavailable' : 'recording_corrupt';
      throw new AppError(code, failure === null ? {} : { cause: failure.error });
    }
    yield toBatch(tracks.end(claimOf(path, extension)));
    return failure === null ? [] : ['The decoder stopped before the end of the file.'];
  } finally {
    watch.end();
    options.signal.removeEventListener('abort', stop);
    process.kill();
    await process.ended;
    output.destroy();
  }
}

function claimOf(path: string, extension: FileExtension): number {
  const view = openView(path);
  try {
    return (extension === 'ogg' ? oggSeconds(view) : claimedSeconds(view, FFMPEG_DEMUXERS[extension])) ?? 0;
  } finally {
    closeSync(view.fd);
  }
}
