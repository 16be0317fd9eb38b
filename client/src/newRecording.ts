/** Checks a recording that an app adds, as far as a device can. */
import { DEVICE_ID, LIMITS } from 'offline-audio-sync-contract';
import { ownBytes } from './bytes.ts';
import type { FrameFormat } from './frames.ts';
import { SyncError } from './errors.ts';
import { frameBytes, recordingName } from './frames.ts';
import type { RecordingDoc, UploadTarget } from './recording.ts';

/** A recording that is a file: `.bin` as frames are written, or an audio file, named `…_{timestamp}.ext` or
 * with a date and time in its name. */
export interface FileRecording extends Partial<UploadTarget> {
  readonly name: string;
  readonly data: Blob | ArrayBuffer | Uint8Array;
}

/** A recording as a wearable delivers it: Opus packets or PCM frames. */
export interface FramesRecording extends Partial<UploadTarget> {
  readonly format: FrameFormat;
  /** Capture time of the first sample. */
  readonly startedAt: Date;
  readonly frames: Iterable<Uint8Array>;
}

export type NewRecording = FileRecording | FramesRecording;

/** @throws SyncError `bad_name`, `bad_device_id`, `bad_frame`, `empty_recording`, `recording_too_large` */
export function newRecording(
  recording: NewRecording,
  id: string,
  addedAt: number,
): { readonly doc: Omit<RecordingDoc, 'changedAt'>; readonly audio: Blob | Uint8Array<ArrayBuffer> } {
  const { deviceId = null, conversationId = null, clockOffsetMs = 0, timeZone } = recording;
  // The server would refuse it, but only after the upload. So the app learns of it here.
  if (deviceId !== null && !DEVICE_ID.test(deviceId)) throw new SyncError('bad_device_id');
  const { name, audio } = 'frames' in recording ? fromFrames(recording) : fromFile(recording);
  const size = audio instanceof Uint8Array ? audio.byteLength : audio.size;
  if (size === 0) throw new SyncError('empty_recording');
  if (size > LIMITS.maxRecordingBytes) throw new SyncError('recording_too_large');
  const target = { deviceId, conversationId, clockOffsetMs, ...(timeZone !== undefined && { timeZone }) };
  const nothing = { md5: null, batchId: null, jobId: null, session: null, failure: null, mishaps: 0, givenUp: 0 };
  return { doc: { id, name, size, addedAt, target, state: 'waiting', ...nothing }, audio };
}

function fromFrames({ format, startedAt, frames }: FramesRecording) {
  return { name: recordingName(format, startedAt), audio: frameBytes(frames) };
}

function fromFile({ name, data }: FileRecording) {
  // The server checks the rest of a name. These names would not reach it unchanged.
  if (UNSAFE.test(name) || new TextEncoder().encode(name).length > LIMITS.maxNameBytes) {
    throw new SyncError('bad_name');
  }
  return { name, audio: data instanceof Blob ? data : ownBytes(data) };
}

/**
 * Separators, quotes, control characters and lone surrogates. Written as codes, because not every engine of React Native knows `\p{…}`.
 */
const UNSAFE = /[/\\"\u0000-\u001f\u007f-\u009f\ud800-\udfff]/u;
