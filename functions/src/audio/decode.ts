/** The one way from a recording's bytes to PCM: picks the decoder, keeps the limits, counts what was lost. */
import { AppError } from '../errors.ts';
import type { FramedFormat, RecordingFormat } from '../recordings/format.ts';
import { decodeFile } from './ffmpeg.ts';
import { decodeFrames, type FrameDecoder } from './frameDecoder.ts';
import { SAMPLE_RATE, type AudioBlock, type DecodeReport } from './pcm.ts';
import { readSource } from './source.ts';

export interface DecodeOptions {
  /** Ends decoding at once; what is thrown then is the signal's reason. */
  readonly signal: AbortSignal;
  /** Audio the recording may hold, seconds; more is `recording_too_long`. */
  readonly maxSeconds: number;
  /** The configured `FFMPEG_PATH`; empty to look for ffmpeg-static, then on the PATH. Read for ordinary files only. */
  readonly ffmpegPath: string;
}

export interface Decoding {
  /**
   * The audio, gapless, in blocks of about a second. Leaving the loop early frees decoder, process, temporary file and
   * source.
   * @throws AppError `empty_recording`, `recording_corrupt` (no frame decoded), `recording_too_long`, or
   * `decoder_unavailable`. Errors of `bytes` itself come through as they are: they say nothing about the recording.
   */
  readonly blocks: AsyncGenerator<AudioBlock, void, undefined>;
  /** Grows while `blocks` is read; final when it ends. */
  readonly report: DecodeReport;
}

/** Decodes one recording to 16 kHz mono as it streams in; nothing is read before the first block is asked for. */
export function decodeRecording(
  bytes: AsyncIterable<Uint8Array>,
  format: RecordingFormat,
  options: DecodeOptions,
): Decoding {
  const report: DecodeReport = { frames: 0, corruptFrames: 0, corruptSeconds: 0, tornBytes: 0, stoppedBecause: null };
  return { blocks: decode(bytes, format, options, report), report };
}

async function* decode(
  bytes: AsyncIterable<Uint8Array>,
  format: RecordingFormat,
  options: DecodeOptions,
  report: DecodeReport,
): AsyncGenerator<AudioBlock, void, undefined> {
  const source = readSource(bytes, options.signal);
  const blocks =
    format.kind === 'framed'
      ? decodeFrames(source, format, () => openFrameDecoder(format), options, report)
      : decodeFile(source, format.extension, options, report);
  for await (const block of blocks) {
    tally(block, report);
    yield block;
    options.signal.throwIfAborted();
  }
  if (report.frames === 0) throw new AppError('recording_corrupt');
}

function tally(block: AudioBlock, report: DecodeReport): void {
  for (const frame of block.frames) {
    if (frame.payload !== null) {
      report.frames++;
    } else {
      report.corruptFrames++;
      report.corruptSeconds += frame.samples / SAMPLE_RATE;
    }
  }
}

/** Loaded when first needed: an instance that sees no Opus never compiles libopus. */
async function openFrameDecoder(format: FramedFormat): Promise<FrameDecoder> {
  if (format.codec === 'opus' || format.codec === 'opus_fs320') {
    const { OpusFrameDecoder } = await import('./opusDecoder.ts');
    return OpusFrameDecoder.open();
  }
  const { PcmFrameDecoder } = await import('./pcmDecoder.ts');
  return new PcmFrameDecoder(format);
}
