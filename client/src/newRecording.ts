/** What an app hands over, checked as far as a device can. */
import { SyncError } from './errors.ts';
import { frameBytes, recordingName } from './frames.ts';
import type { FrameFormat } from './frames.ts';
import type { RecordingDoc, UploadTarget } from './recording.ts';

/** A recording that is a file: `.bin` as frames are written, or `.wav .m4a .mp3 .ogg .webm .flac`, named `…_{timestamp}.ext`. */
export interface FileRecording extends Partial<UploadTarget> {
  readonly name: string;
  readonly data: Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;
}

/** A recording as a wearable delivers it: Opus packets or PCM frames. */
export interface FramesRecording extends Partial<UploadTarget> {
  readonly format: FrameFormat;
  /** Of the first sample. */
  readonly startedAt: Date;
  readonly frames: Iterable<Uint8Array>;
}

export type NewRecording = FileRecording | FramesRecording;

/** The server's limits. */
const MAX_BYTES = 512 * 1024 * 1024;
const MAX_NAME_BYTES = 200;

/** @throws SyncError `bad_name`, `bad_frame`, `empty_recording`, `recording_too_large` */
export function newRecording(
  recording: NewRecording,
  id: string,
  addedAt: number,
): { readonly doc: Omit<RecordingDoc, 'changedAt'>; readonly audio: Blob | Uint8Array<ArrayBuffer> } {
  const { deviceId = null, conversationId = null, clockOffsetMs = 0 } = recording;
  const { name, audio } = 'frames' in recording ? fromFrames(recording) : fromFile(recording);
  const size = audio instanceof Uint8Array ? audio.byteLength : audio.size;
  if (size === 0) throw new SyncError('empty_recording', 'The recording has no bytes.');
  if (size > MAX_BYTES) throw new SyncError('recording_too_large', `A recording has ${MAX_BYTES} bytes at most.`);
  const target = { deviceId, conversationId, clockOffsetMs };
  const nothing = { md5: null, batchId: null, jobId: null, session: null, failure: null, mishaps: 0, givenUp: 0 };
  return { doc: { id, name, size, addedAt, target, state: 'waiting', ...nothing }, audio };
}

function fromFrames({ format, startedAt, frames }: FramesRecording) {
  return { name: recordingName(format, startedAt), audio: frameBytes(frames) };
}

function fromFile({ name, data }: FileRecording) {
  // The rest of a name is the server's to judge; these would not reach it as they are.
  if (/[/\\"\p{Cc}\p{Cs}]/u.test(name) || new TextEncoder().encode(name).length > MAX_NAME_BYTES) {
    throw new SyncError('bad_name', 'The name is too long, or has separators, quotes or control characters in it.');
  }
  return { name, audio: data instanceof ArrayBuffer ? new Uint8Array(data) : data };
}
