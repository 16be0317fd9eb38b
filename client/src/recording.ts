/** A recording on this device: its states, the only ways between them, and what is stored of it besides its audio. */
import { CLIENT_CATALOGUE } from 'offline-audio-sync-contract';
import type { ClientErrorCode, ReceivedErrorCode, UploadKind } from 'offline-audio-sync-contract';

/**
 * - `waiting`: on this device only.
 * - `uploading`: part of a batch that is on its way.
 * - `uploaded`: the server has it; its job is queued.
 * - `processing`: its job runs.
 * - `synced`: the server is done with it: transcribed, proven silent or proven duplicate. Its audio is deleted here.
 * - `failed`: stopped, and kept here; {@link Failure.retryable} says whether `retry` can help.
 */
export type RecordingState = 'waiting' | 'uploading' | 'uploaded' | 'processing' | 'synced' | 'failed';

const TRANSITIONS: Readonly<Record<RecordingState, readonly RecordingState[]>> = {
  waiting: ['uploading', 'failed'],
  // Back to waiting: its batch was dissolved, because another recording in it was refused, say.
  uploading: ['uploaded', 'processing', 'synced', 'waiting', 'failed'],
  // Back to uploading: what arrived was not what was sent. Back to waiting: the job is gone.
  uploaded: ['processing', 'synced', 'uploading', 'waiting', 'failed'],
  processing: ['synced', 'waiting', 'failed'],
  // By hand: to waiting where it has to be uploaded again, to processing where the server has kept it. Another device may
  // have had its job tried again, so it can be synced from here.
  failed: ['waiting', 'processing', 'synced'],
  synced: [],
};

export function canTransition(from: RecordingState, to: RecordingState): boolean {
  return TRANSITIONS[from].includes(to);
}

/** Why a recording stopped. */
export interface Failure {
  /** To switch on: of the server's catalogue (docs/operations.md), or one of this library's {@link LocalFailureCode}. */
  readonly code: ReceivedErrorCode;
  /** For a person. */
  readonly message: string;
  /** Whether `retry` can help without anything else being changed. */
  readonly retryable: boolean;
}

/**
 * - `audio_missing`: its bytes are gone from this device's store.
 * - `gave_up`: the server failed to accept it for a day; it is tried again by itself every few hours.
 * - `upload_refused`: Storage accepts no object from this user at its path.
 * - `recording_left_out`: the job ended without it.
 * - `upload_cancelled`: its upload was cancelled on this device.
 */
export type LocalFailureCode = Extract<
  ClientErrorCode,
  'audio_missing' | 'gave_up' | 'upload_refused' | 'recording_left_out' | 'upload_cancelled'
>;

export function localFailure(code: LocalFailureCode): Failure {
  const { message, retryable } = CLIENT_CATALOGUE[code];
  return { code, message, retryable };
}

/** What a recording's batch says about all of its recordings; those that differ travel apart. */
export interface UploadTarget {
  /** For recordings whose names carry no device. */
  readonly deviceId: string | null;
  /** The conversation that the recordings are meant for; null to let the server decide by time. */
  readonly conversationId: string | null;
  /** Added to the capture times, milliseconds: for a device whose clock is known to be off. */
  readonly clockOffsetMs: number;
  /** Of dates in names that do not say their own: an IANA zone (`Europe/Berlin`) or an offset (`+02:00`). Missing: UTC. */
  readonly timeZone?: string;
}

/** A recording as an app sees it. */
export interface Recording {
  /** Of this device alone. */
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Unix milliseconds. */
  readonly addedAt: number;
  readonly state: RecordingState;
  /** Since when it is in this state, Unix milliseconds. */
  readonly changedAt: number;
  /** Null before the server has given one. */
  readonly jobId: string | null;
  /** Null unless it is `failed`. */
  readonly failure: Failure | null;
  readonly target: UploadTarget;
}

/** A recording as it is stored. */
export interface RecordingDoc extends Recording {
  /** Base64; null until it was needed. */
  readonly md5: string | null;
  /** The batch it is uploaded with; null while it is in none. */
  readonly batchId: string | null;
  /** Address of an upload to Storage that has begun; null where there is none. */
  readonly session: string | null;
  /** How often Storage held something else than what was sent, or refused it. */
  readonly mishaps: number;
  /** How often it was given up because our server failed. */
  readonly givenUp: number;
}

export function toRecording(doc: RecordingDoc): Recording {
  const { id, name, size, addedAt, state, changedAt, jobId, failure, target } = doc;
  return { id, name, size, addedAt, state, changedAt, jobId, failure, target };
}

/**
 * Recordings that are uploaded together. Stored before the first request and never changed in what it stands for, so that
 * the same key always names the same content. It exists as long as there is something to upload.
 */
export interface BatchDoc {
  readonly id: string;
  /** Idempotency-Key of its request: asking again, after an answer that was lost, finds the same job. */
  readonly key: string;
  readonly way: UploadKind;
  readonly localIds: readonly string[];
  readonly target: UploadTarget;
  readonly createdAt: number;
  /** How long our server has failed it, milliseconds of trying. Cool-downs and a missing network do not count. */
  readonly failedMs: number;
  /** Null before the server has created the job. */
  readonly jobId: string | null;
}
