/** One run of the native ffmpeg over one file. It ends with the file, or if there is no output for too long. */
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../../errors.ts';
import type { FileExtension } from '../format.ts';
import { findFfmpeg } from './ffmpegBinary.ts';
import { buildCommand, limitsFor } from './ffmpegCommand.ts';
import { FfmpegProcess } from './ffmpegProcess.ts';
import { MAX_STALL_MS } from './limits.ts';
import { readMatroskaPcm } from './matroskaPcm.ts';
import type { PcmEvent } from './matroskaPcm.ts';
import { StallWatch } from './stallWatch.ts';

export interface FfmpegRun {
  readonly signal: AbortSignal;
  readonly ffmpegPath: string;
  /** The longest time without output, milliseconds. */
  readonly stallMs?: number;
  /** `pcm_s16le`: PCM. `copy`: the packets of the file, unchanged. */
  readonly output: 'pcm_s16le' | 'copy';
  readonly log: RunLog;
}

/** What the program reported. */
export interface RunLog {
  /** Sentences about what could not be read. */
  readonly notes: Set<string>;
  /** Whether it has reported an error that concerns the sound so far. */
  hasComplained: boolean;
}

/**
 * The tracks and blocks that ffmpeg writes.
 * @returns at least one event
 * @throws AppError `decoder_unavailable`, `recording_corrupt`; Error if a signal ended the process, which says nothing about
 * the recording; the reason of `signal` once it is aborted
 */
export async function* eventsOf(
  path: string,
  extension: FileExtension,
  { signal, ffmpegPath, stallMs = MAX_STALL_MS, output: codec, log }: FfmpegRun,
): AsyncGenerator<PcmEvent, void, undefined> {
  const binary = await findFfmpeg(ffmpegPath);
  const output = new PassThrough({ emitClose: false });
  const limits = await limitsFor(path);
  const command = await buildCommand(binary, extension, path, codec, limits);
  const process = new FfmpegProcess(command, output, limits.addressBytes);
  const stop = (): void => {
    process.kill();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const watch = new StallWatch(stallMs, stop);
  let hasBegun = false;
  try {
    for await (const event of readMatroskaPcm(watch.watched(output.iterator({ destroyOnReturn: false })))) {
      hasBegun = true;
      await setImmediate(); // errors that ffmpeg wrote before this event are read first
      log.hasComplained ||= process.hasComplained;
      yield event;
    }
    const failure = await process.ended;
    signal.throwIfAborted();
    if (watch.hasStalled) throw new AppError('recording_corrupt', { message: watch.message });
    if (failure?.kind === 'signal') throw failure.error;
    if (!hasBegun && failure?.kind === 'program') throw new AppError('decoder_unavailable', { cause: failure.error });
    if (!hasBegun) throw undecodable(process.refusedCodec, failure?.error);
    log.hasComplained ||= process.hasComplained || failure !== null;
    if (failure !== null) log.notes.add('The decoder stopped before the end of the file.');
  } finally {
    watch.end();
    signal.removeEventListener('abort', stop);
    process.kill();
    await process.ended;
    output.destroy();
  }
}

function undecodable(codec: string | null, cause: unknown): AppError {
  const reason = codec === null ? {} : { message: `The sound is in a codec that is not decoded (${codec}).` };
  return new AppError('recording_corrupt', { ...reason, cause });
}
