/**
 * The one way from a recording's bytes to frames as chunks carry them: Opus packets as they are, everything else as 16 kHz
 * PCM. Picks the reader, keeps the limits, counts what was lost.
 */
import { AppError } from '../../errors.ts';
import type { ChannelMode } from './channels.ts';
import type { FramedFormat, RecordingFormat } from './format.ts';
import { isOpus } from './format.ts';
import { decodeContainer } from './containers/decodeContainer.ts';
import type { DecoderChoice } from './containers/decodeContainer.ts';
import { readFramed } from './framedRecording.ts';
import type { FrameSource } from './framedRecording.ts';
import { OpusFrames } from './opusFrames.ts';
import { isLost, SAMPLE_RATE } from './pcm.ts';
import type { ReadReport, SourceFrame } from './pcm.ts';
import { PcmFrames } from './pcmFrames.ts';
import { MAX_LEAD_IN_BYTES } from './leadIn.ts';
import { HEAD_BYTES, recognise } from './recognise.ts';
import { peek, readSource, without } from './source.ts';

export interface ReadOptions {
  /** Ends reading at once; what is thrown then is the signal's reason. */
  readonly signal: AbortSignal;
  /** Audio the recording may hold, seconds; more is `recording_too_long`. */
  readonly maxSeconds: number;
  readonly channels: ChannelMode;
  /** The configured `DECODER`. Read for ordinary files only. */
  readonly decoder: DecoderChoice;
  /** The configured `FFMPEG_PATH`; empty to look for ffmpeg-static, then on the PATH. Read for ordinary files only. */
  readonly ffmpegPath: string;
}

export interface Reading {
  /**
   * The frames, gapless, in blocks of about a second. Leaving the loop early frees process, temporary file and source.
   * @throws AppError `empty_recording`, `recording_corrupt` (no usable frame), `recording_too_long`, or
   * `decoder_unavailable`. Errors of `bytes` itself come through as they are: they say nothing about the recording.
   */
  readonly blocks: AsyncGenerator<readonly SourceFrame[], void, undefined>;
  /** Grows while `blocks` is read; final when it ends. */
  readonly report: ReadReport;
}

/** A recording whose first bytes were looked at. */
export interface OpenRecording {
  /** What it is, whatever its name says. */
  readonly format: RecordingFormat;
  /** To be read once. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Looks at a recording's first bytes. @throws AppError `empty_recording`, `recording_corrupt`; errors of `bytes` as they are. */
export async function openRecording(
  bytes: AsyncIterable<Uint8Array>,
  named: RecordingFormat,
  signal: AbortSignal,
): Promise<OpenRecording> {
  const source = await peek(readSource(bytes, signal), HEAD_BYTES, MAX_LEAD_IN_BYTES);
  try {
    const { format, leadInBytes } = recognise(source.head, named);
    return { format, bytes: leadInBytes > 0 ? without(source.bytes, leadInBytes) : source.bytes };
  } catch (error) {
    await source.release();
    throw error;
  }
}

/**
 * Reads one recording as it streams in, as the format that it is opened as and no other; nothing is read before the first block is
 * asked for.
 */
export function readRecording(
  bytes: AsyncIterable<Uint8Array>,
  format: RecordingFormat,
  options: ReadOptions,
): Reading {
  const report: ReadReport = { frames: 0, corruptFrames: 0, corruptSeconds: 0, tornBytes: 0, stoppedBecause: null };
  return { blocks: read(bytes, format, options, report), report };
}

async function* read(
  bytes: AsyncIterable<Uint8Array>,
  format: RecordingFormat,
  options: ReadOptions,
  report: ReadReport,
): AsyncGenerator<readonly SourceFrame[], void, undefined> {
  const source = readSource(bytes, options.signal);
  const blocks =
    format.kind === 'framed'
      ? readFramed(source, format, frameSource(format, options.channels), options, report)
      : decodeContainer(source, format.extension, options, report);
  for await (const block of blocks) {
    for (const frame of block) {
      if (isLost(frame)) noteLost(frame, report);
      else report.frames++;
    }
    yield block;
    options.signal.throwIfAborted();
  }
  if (report.frames === 0) throw new AppError('recording_corrupt');
}

/** Counts a frame as lost. */
export function noteLost(frame: SourceFrame, report: ReadReport): void {
  report.corruptFrames++;
  report.corruptSeconds += frame.samples / SAMPLE_RATE;
}

function frameSource(format: FramedFormat, channels: ChannelMode): FrameSource {
  return isOpus(format) ? new OpusFrames() : new PcmFrames(format, channels);
}
