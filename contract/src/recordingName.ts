/**
 * The grammar of recording names:
 *
 * - `audio_{device}_{codec}_{sampleRate}_{channels}_fs{frameSize}_{timestamp}.bin`, where `_fs{frameSize}` may be missing;
 * - `{anything}_{timestamp}.bin`: the older form, {@link OLDER_FORMAT};
 * - `{anything}_{timestamp}.{extension}`, with an extension of an audio file (`RECORDING_EXTENSIONS`).
 *
 * The timestamp is when the first sample was captured, in Unix seconds or milliseconds. In its place there may be a date and a time in
 * any usual form, which the server reads.
 */
import { FRAMED_EXTENSION } from './format.ts';
import type { FrameParameters, FramedFormat, RecordingFormat } from './format.ts';

/** A recording as its name describes it. */
export interface RecordingName {
  readonly filename: string;
  /** Null if the name has none (older names, ordinary files). */
  readonly deviceId: string | null;
  readonly format: RecordingFormat;
  /** Capture start, Unix milliseconds, clock offset applied. */
  readonly startedAtMs: number;
}

/** The ids that a device may have, in names of recordings and as `device_id`. */
export const DEVICE_ID = /^[A-Za-z0-9]{1,64}$/;

/** Samples of a frame if the name does not say. */
export const DEFAULT_FRAME_SIZE = 160;

/** The format of `.bin` recordings whose names have only a time. */
export const OLDER_FORMAT: FramedFormat = {
  kind: 'framed',
  codec: 'opus',
  sampleRate: 16_000,
  channels: 1,
  frameSize: DEFAULT_FRAME_SIZE,
};

/** Timestamps above this are milliseconds: as seconds it is the year 2286, as milliseconds April 1970. */
const MAX_SECONDS_TIMESTAMP = 1e10;

/** @returns Unix milliseconds of a timestamp in a name, before any clock offset. */
export function captureTimeMs(timestamp: number): number {
  return timestamp > MAX_SECONDS_TIMESTAMP ? timestamp : timestamp * 1000;
}

/** The name of a framed recording, in the full form. @param startedAt Capture time of the first sample. */
export function formatRecordingName(deviceId: string, format: FrameParameters, startedAt: Date): string {
  const { codec, sampleRate, channels, frameSize } = format;
  const fields = [deviceId, codec, sampleRate, channels, `fs${frameSize}`, startedAt.getTime()];
  return `audio_${fields.join('_')}.${FRAMED_EXTENSION}`;
}
