/** Reads the file name of a recording: the format of its bytes, and when they were captured. */
import {
  containerNamed,
  DEFAULT_FRAME_SIZE,
  FRAME_CODECS,
  FRAMED_EXTENSION,
  isOpusSampleRate,
  LIMITS,
  MAX_OPUS_PACKET_SECONDS,
  OLDER_FORMAT,
  OPUS_SAMPLE_RATES,
  PCM_SAMPLE_RATES,
} from 'offline-audio-sync-contract';
import type { FrameCodec, FramedFormat, RecordingFormat, RecordingName } from 'offline-audio-sync-contract';
import { AppError, CATALOGUE, fileProblem } from '../../errors.ts';
import type { FileProblem } from '../../errors.ts';
import { findCaptureTime } from './captureTime.ts';
import type { CaptureTime } from './captureTime.ts';

export interface NameOptions {
  /** The current time, Unix milliseconds. */
  readonly nowMs: number;
  /**
   * An offset that is added to the time in the name, milliseconds: for a batch of a device whose clock is known to be wrong.
   */
  readonly clockOffsetMs?: number;
  /** How far the capture time may be in the future, milliseconds. By default as far as a device's clock may be ahead. */
  readonly maxAheadMs?: number;
  /** The zone of times that do not name one, as `parseTimeZone` returns it. UTC by default. */
  readonly timeZone?: string | undefined;
}

export type NameResult =
  | { readonly ok: true; readonly name: RecordingName }
  | { readonly ok: false; readonly problem: FileProblem };

const BYTES_PER_SAMPLE = { pcm8: 1, pcm16: 2 } as const;
/** `audio_…_…`: such a name is meant to have the full form, so it must follow that form. */
const FULL_FORM = /^audio_[^_]*_/i;
const FULL_STEM = /^audio_([^_]*)_([a-z]\w*?)_(\d+)_(\d+)(?:_fs(\d+))?$/i;

/**
 * Reads the name of a recording in one of these forms:
 *
 * - `audio_{device}_{codec}_{sampleRate}_{channels}_fs{frameSize}_{timestamp}.bin`; `_fs…` may be missing
 * - the older `…_{timestamp}.bin`: Opus, 16 kHz, mono, 160 samples a frame
 * - the name of an ordinary audio file
 *
 * A date and a time in any usual form ({@link findCaptureTime}) may replace the timestamp. The case of the extension does not
 * matter. An accepted name is safe as the last part of a Storage path.
 * @returns the name, or a problem `bad_name`, `bad_extension` or `bad_timestamp` with a sentence that says what is wrong with
 * this name
 */
export function parseRecordingName(filename: string, options: NameOptions): NameResult {
  try {
    return { ok: true, name: readName(filename, options) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { ok: false, problem: fileProblem(filename, error.code, error.message) };
  }
}

function readName(filename: string, options: NameOptions): RecordingName {
  requireSafe(filename);
  const [, base, extension] = /^(.*)\.([^.]*)$/.exec(filename) ?? [];
  if (base === undefined || extension === undefined) {
    throw refusal('bad_extension', `It has no extension. ${CATALOGUE.bad_extension.message}`);
  }
  const kind = extension.toLowerCase();
  const container = containerNamed(kind);
  if (kind !== FRAMED_EXTENSION && container === null) {
    throw refusal('bad_extension', `It ends in .${extension}. ${CATALOGUE.bad_extension.message}`);
  }
  const time = findCaptureTime(base, options.timeZone ?? 'UTC', container === null);
  if (time === null) {
    const missing = `It has no _{timestamp} before .${kind}, and no date and time that can be read.`;
    throw refusal('bad_name', `${missing} ${CATALOGUE.bad_name.message}`);
  }
  const content =
    container === null
      ? readStem(base, time)
      : { deviceId: null, format: { kind: 'file', extension: container } as const };
  return {
    filename,
    ...content,
    startedAtMs: requirePlausibleTime(time.startedAtMs + (options.clockOffsetMs ?? 0), options),
  };
}

/** The part of a name before its time. The name must be one that {@link parseRecordingName} accepts. */
export function namePrefix(filename: string): string {
  const [, base = '', extension = ''] = /^(.*)\.([^.]*)$/.exec(filename) ?? [];
  return base.slice(0, findCaptureTime(base, 'UTC', extension.toLowerCase() === FRAMED_EXTENSION)?.from);
}

function refusal(code: 'bad_name' | 'bad_extension' | 'bad_timestamp', message: string): AppError {
  return new AppError(code, { message });
}

/** Refuses a name that is not safe as part of a Storage path, a log line or a file system path. */
function requireSafe(filename: string): void {
  const bytes = Buffer.byteLength(filename);
  if (bytes > LIMITS.maxNameBytes) {
    throw refusal('bad_name', `The name has ${bytes} bytes; at most ${LIMITS.maxNameBytes} are allowed.`);
  }
  if (/[/\\]/.test(filename)) throw refusal('bad_name', 'The name contains a path separator.');
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(filename)) {
    throw refusal('bad_name', 'The name contains control characters or broken Unicode.');
  }
  if (filename.startsWith('.')) throw refusal('bad_name', 'The name starts with a dot.');
}

/** Reads the part of a `.bin` recording's name before its time. */
function readStem(base: string, time: CaptureTime): { deviceId: string | null; format: RecordingFormat } {
  const stem = base.slice(0, time.from).replace(/_$/, '');
  if (!FULL_FORM.test(stem)) return { deviceId: null, format: OLDER_FORMAT };
  const [, device, codecName, rate, channelCount, size] = FULL_STEM.exec(stem) ?? [];
  if (device === undefined || codecName === undefined) throw refusal('bad_name', CATALOGUE.bad_name.message);
  if (!/^[a-z0-9]+$/i.test(device)) {
    throw refusal('bad_name', `The device "${device}" must consist of ASCII letters and digits.`);
  }
  const codec = codecName.toLowerCase();
  if (!isFrameCodec(codec)) {
    throw refusal('bad_name', `The codec "${codecName}" is not known; ${FRAME_CODECS.join(', ')} are.`);
  }
  const channels = Number(channelCount);
  if (channels !== 1 && channels !== 2)
    throw refusal('bad_name', `It claims ${channels} channels; only 1 or 2 are accepted.`);
  const sampleRate = Number(rate);
  const frameSize = size === undefined ? DEFAULT_FRAME_SIZE : Number(size);
  const format: FramedFormat = { kind: 'framed', codec, sampleRate, channels, frameSize };
  requirePossible(format);
  return { deviceId: device, format };
}

function isFrameCodec(codec: string): codec is FrameCodec {
  return (FRAME_CODECS as readonly string[]).includes(codec);
}

function requirePossible({ codec, sampleRate, channels, frameSize }: FramedFormat): void {
  const opus = codec === 'opus' || codec === 'opus_fs320';
  if (opus && !isOpusSampleRate(sampleRate)) {
    throw refusal(
      'bad_name',
      `Opus has no sampling rate of ${sampleRate} Hz; ${OPUS_SAMPLE_RATES.join(', ')} are its rates.`,
    );
  }
  if (!opus && (sampleRate < PCM_SAMPLE_RATES.min || sampleRate > PCM_SAMPLE_RATES.max)) {
    const { min, max } = PCM_SAMPLE_RATES;
    throw refusal(
      'bad_name',
      `It claims a sampling rate of ${sampleRate} Hz; ${min} to ${max} Hz are accepted for PCM.`,
    );
  }
  const largest = opus
    ? sampleRate * MAX_OPUS_PACKET_SECONDS
    : Math.floor(LIMITS.maxFrameBytes / (channels * BYTES_PER_SAMPLE[codec]));
  if (frameSize < 1 || frameSize > largest) {
    throw refusal('bad_name', `It claims frames of ${frameSize} samples; 1 to ${largest} are possible.`);
  }
}

/**
 * @param startedAtMs the capture time, with the offset of the device's clock, Unix milliseconds
 * @returns the same time
 * @throws AppError `bad_timestamp` if it is too early, or too far in the future
 */
export function requirePlausibleTime(
  startedAtMs: number,
  { nowMs, maxAheadMs = LIMITS.maxClockAheadMs }: Pick<NameOptions, 'nowMs' | 'maxAheadMs'>,
): number {
  const remedy = 'set the device clock or clock_offset_ms';
  if (startedAtMs < LIMITS.minCaptureMs) {
    const earliest = new Date(LIMITS.minCaptureMs).toISOString();
    throw refusal('bad_timestamp', `Its capture time${shown(startedAtMs)} is before ${earliest}; ${remedy}.`);
  }
  if (startedAtMs > nowMs + maxAheadMs) {
    const limit = `${maxAheadMs / 60_000} minutes after now (${new Date(nowMs).toISOString()})`;
    throw refusal('bad_timestamp', `Its capture time${shown(startedAtMs)} is more than ${limit}; ${remedy}.`);
  }
  return startedAtMs;
}

/** The time for a message; empty if it is not a valid date. */
function shown(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? '' : `, ${date.toISOString()},`;
}
