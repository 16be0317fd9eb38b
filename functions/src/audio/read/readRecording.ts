/**
 * Reads the bytes of every recording into frames as chunks carry them: Opus packets unchanged, everything else as 16 kHz PCM.
 * It chooses the reader, enforces the limits, and counts what was lost.
 */
import { AppError } from '../../errors.ts';
import type { ChannelMode } from './channels.ts';
import type { FramedFormat, RecordingFormat } from './format.ts';
import { isOpus } from './format.ts';
import { decodeContainer } from './containers/decodeContainer.ts';
import type { DecoderChoice } from './containers/decodeContainer.ts';
import type { Sandbox } from './containers/sandbox.ts';
import { readFramed } from './framedRecording.ts';
import type { FrameSource } from './framedRecording.ts';
import { OpusFrames } from './opusFrames.ts';
import { isLost, SAMPLE_RATE } from './pcm.ts';
import type { ReadReport, SourceFrame } from './pcm.ts';
import { PcmFrames } from './pcmFrames.ts';
import { MAX_LEAD_IN_BYTES } from './leadIn.ts';
import { HEAD_BYTES, recognise } from './recognise.ts';
import { peek, readSource, skipBytes } from './source.ts';

export interface ReadOptions {
  /** Ends reading immediately. The signal's reason is then thrown. */
  readonly signal: AbortSignal;
  /** The longest audio that the recording may contain, seconds. More than that is `recording_too_long`. */
  readonly maxSeconds: number;
  readonly channels: ChannelMode;
  /** The setting `DECODER`. Used for ordinary files only. */
  readonly decoder: DecoderChoice;
  /**
   * The setting `FFMPEG_PATH`. If it is empty, ffmpeg-static is used, else the ffmpeg on the PATH. Used for ordinary files
   * only.
   */
  readonly ffmpegPath: string;
  /** Decodes in WebAssembly: a separate thread for each ordinary file, unless another one is given. */
  readonly sandbox?: Sandbox;
}

export interface Reading {
  /**
   * The frames, without gaps in time, in blocks of about a second. If the loop is left early, the process, the temporary file
   * and the source are released.
   * @throws AppError `empty_recording`, `recording_corrupt` (no usable frame), `recording_too_long` or `decoder_unavailable`;
   * errors of `bytes` unchanged, because they say nothing about the recording
   */
  readonly blocks: AsyncGenerator<readonly SourceFrame[], void, undefined>;
  /** Changes while `blocks` is read, and is final when that ends. */
  readonly report: ReadReport;
}

/** A recording whose first bytes have been examined. */
export interface OpenRecording {
  /** The format of its content, whatever its name says. */
  readonly format: RecordingFormat;
  /** All bytes behind the lead-in. They can be read once. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Finds the format of a recording by its first bytes.
 * @param named the format that its name claims
 * @throws AppError `empty_recording`, `recording_corrupt`; errors of `bytes` unchanged
 */
export async function openRecording(
  bytes: AsyncIterable<Uint8Array>,
  named: RecordingFormat,
  signal: AbortSignal,
): Promise<OpenRecording> {
  const source = await peek(readSource(bytes, signal), HEAD_BYTES, MAX_LEAD_IN_BYTES);
  try {
    const { format, leadInBytes } = recognise(source.head, named);
    return { format, bytes: leadInBytes > 0 ? skipBytes(source.bytes, leadInBytes) : source.bytes };
  } catch (error) {
    await source.release();
    throw error;
  }
}

/**
 * Reads one recording while it streams in. It is read as `format`, with no further guess. Reading begins when the first block
 * is asked for.
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
      if (isLost(frame)) countLost(frame, report);
      else report.frames++;
    }
    yield block;
    options.signal.throwIfAborted();
  }
  if (report.frames === 0) throw new AppError('recording_corrupt');
}

/** Counts a lost frame in the report. */
export function countLost(frame: SourceFrame, report: ReadReport): void {
  report.corruptFrames++;
  report.corruptSeconds += frame.samples / SAMPLE_RATE;
}

function frameSource(format: FramedFormat, channels: ChannelMode): FrameSource {
  return isOpus(format) ? new OpusFrames() : new PcmFrames(format, channels);
}
