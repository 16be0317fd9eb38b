/** A recording on this device: its states, their transitions, and its stored fields. */
import { CLIENT_CATALOGUE } from 'offline-audio-sync-contract';
import type { ClientErrorCode, ReceivedErrorCode, UploadKind } from 'offline-audio-sync-contract';

/**
 * - `waiting`: on this device only.
 * - `uploading`: part of a batch that is being uploaded.
 * - `uploaded`: the server has it; its job is queued.
 * - `processing`: its job runs.
 * - `synced`: transcribed, proven silent or proven duplicate. Its audio is deleted on this device.
 * - `failed`: stopped, and kept here; {@link Failure.retryable} says whether `retry` can help.
 */
export type RecordingState = 'waiting' | 'uploading' | 'uploaded' | 'processing' | 'synced' | 'failed';

const TRANSITIONS: Readonly<Record<RecordingState, readonly RecordingState[]>> = {
  waiting: ['uploading', 'failed'],
  // Back to waiting: its batch was dissolved, for example because another recording of it was refused.
  uploading: ['uploaded', 'processing', 'synced', 'waiting', 'failed'],
  // Back to uploading: the object that arrived was wrong. Back to waiting: the job was deleted.
  uploaded: ['processing', 'synced', 'uploading', 'waiting', 'failed'],
  processing: ['synced', 'waiting', 'failed'],
  // A retry by the user: to waiting if it must be uploaded again, to processing if the server has kept it. Another device may have retried
  // its job, so it can become synced.
  failed: ['waiting', 'processing', 'synced'],
  synced: [],
};

export function canTransition(from: RecordingState, to: RecordingState): boolean {
  return TRANSITIONS[from].includes(to);
}

/** Why a recording stopped. */
export interface Failure {
  /** For the program: a code of the server's catalogue (docs/operations.md), or a {@link LocalFailureCode} of this library. */
  readonly code: ReceivedErrorCode;
  /** A sentence for people. */
  readonly message: string;
  /** Whether `retry` alone can help. */
  readonly retryable: boolean;
}

/**
 * - `audio_missing`: its bytes are gone from this device's store.
 * - `gave_up`: the server has failed to accept it for a day. It is tried again automatically every few hours.
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

/** Fields that are the same for all recordings of a batch. Recordings that differ in them are uploaded in different batches. */
export interface UploadTarget {
  /** The device of recordings whose names have none. */
  readonly deviceId: string | null;
  /** The conversation that the recordings are meant for; null to let the server decide by time. */
  readonly conversationId: string | null;
  /** Added to the capture times, milliseconds: for a device whose clock is known to be off. */
  readonly clockOffsetMs: number;
  /** Time zone of dates in names without one: an IANA zone (`Europe/Berlin`) or an offset (`+02:00`). Default: UTC. */
  readonly timeZone?: string;
}

/** A recording as an app sees it. */
export interface Recording {
  /** An id on this device alone. */
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Unix milliseconds. */
  readonly addedAt: number;
  readonly state: RecordingState;
  /** Since when it is in this state, Unix milliseconds. */
  readonly changedAt: number;
  /** Null until the server has given one. */
  readonly jobId: string | null;
  /** Null unless it is `failed`. */
  readonly failure: Failure | null;
  readonly target: UploadTarget;
}

/** A recording as it is stored. */
export interface RecordingDoc extends Recording {
  /** Base64; null until it was needed. */
  readonly md5: string | null;
  /** The batch in which it is uploaded; null while it is in none. */
  readonly batchId: string | null;
  /** Address of a begun upload to Storage; null if there is none. */
  readonly session: string | null;
  /** How often a wrong object arrived, or Storage refused it. */
  readonly mishaps: number;
  /** How often it was given up because our server failed. */
  readonly givenUp: number;
}

export function toRecording(doc: RecordingDoc): Recording {
  const { id, name, size, addedAt, state, changedAt, jobId, failure, target } = doc;
  return { id, name, size, addedAt, state, changedAt, jobId, failure, target };
}

/**
 * Recordings that are uploaded together. It is stored before the first request, and its content never changes, so that the same key
 * always stands for the same content. It exists as long as something of it must be uploaded.
 */
export interface BatchDoc {
  readonly id: string;
  /** Idempotency-Key of its request: a repeated request, after a lost answer, finds the same job. */
  readonly key: string;
  readonly way: UploadKind;
  readonly localIds: readonly string[];
  readonly target: UploadTarget;
  readonly createdAt: number;
  /** How long our server has failed to accept it, milliseconds. Cool-downs and time without a network do not count. */
  readonly failedMs: number;
  /** Null until the server has created the job. */
  readonly jobId: string | null;
}
