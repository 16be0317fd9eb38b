/** The state of a job in words, and what the user can do about it. The server's own sentences say why. */
import { isFinished } from 'offline-audio-sync-contract';
import type { ErrorCode, Failure, JobStatus, Stage } from 'offline-audio-sync-contract';
import type { Job } from '../data/model.ts';
import { counted } from './counted.ts';

export type Tone = 'moving' | 'waiting' | 'good' | 'warn' | 'bad' | 'quiet';

const STATUS: Readonly<Record<JobStatus, { readonly label: string; readonly tone: Tone }>> = {
  uploading: { label: 'Uploading', tone: 'moving' },
  pending: { label: 'Queued', tone: 'waiting' },
  processing: { label: 'Processing', tone: 'moving' },
  deferred: { label: 'Waiting', tone: 'waiting' },
  completed: { label: 'Done', tone: 'good' },
  partial: { label: 'Partly done', tone: 'warn' },
  failed: { label: 'Failed', tone: 'bad' },
  cancelled: { label: 'Cancelled', tone: 'quiet' },
};

export const statusLabel = (status: JobStatus): string => STATUS[status].label;
export const statusTone = (status: JobStatus): Tone => STATUS[status].tone;

/** The results of ended jobs, in a few words. */
export function readyText(jobs: readonly Pick<Job, 'status' | 'conversationIds'>[]): string {
  const conversations = new Set(jobs.flatMap(({ conversationIds }) => conversationIds)).size;
  const found = conversations === 0 ? 'They contain no new speech.' : `${counted(conversations, 'conversation')}.`;
  const hasFailures = jobs.some(({ status }) => status === 'failed' || status === 'partial');
  return hasFailures ? `${found} Some could not be transcribed: the jobs say why.` : found;
}

/** The stage that is in progress, or why the job waits. */
export function stageLabel({ status, stage }: Job): string {
  if (status === 'uploading') return 'recordings arriving';
  if (status === 'deferred') return 'paused';
  return STAGES[stage];
}

const STAGES: Readonly<Record<Stage, string>> = {
  queued: 'waiting for a worker',
  decoding: 'finding speech',
  transcribing: 'transcribing',
  finishing: 'finishing',
  done: 'done',
};

/** The devices of the recordings: `pendant`, `pendant and phone`, `5 devices`. */
export function devicesOf({ files, deviceId }: Job): string {
  const devices = [...new Set(files.map((file) => file.deviceId))];
  if (devices.length > 3) return `${devices.length} devices`;
  return new Intl.ListFormat('en').format(devices.length === 0 ? [deviceId] : devices);
}

/** Errors after which the audio is deleted, so that a retry is not possible. */
const AUDIO_GONE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'recording_missing',
  'retention_ended',
  'upload_expired',
  'job_cancelled',
]);

/** All failures. The job's own document lists only the first few; each recording that was read carries its own. */
function failuresOf({ failures, files }: Job): readonly Failure[] {
  const ofFiles = files.flatMap(({ error }) => error ?? []);
  const known = new Set(ofFiles.map(({ file }) => file));
  return [...failures.filter(({ file }) => file === null || !known.has(file)), ...ofFiles];
}

/** `likely`: a retry may help. `possible`: the audio is kept, but a retry fails again unless the cause was fixed. */
export function retryOf(job: Job): 'likely' | 'possible' | 'no' {
  if (job.status !== 'failed' && job.status !== 'partial') return 'no';
  const kept = failuresOf(job).filter(({ code }) => !AUDIO_GONE.has(code));
  if (kept.length === 0) return 'no';
  return kept.some(({ retryable }) => retryable) ? 'likely' : 'possible';
}

export function canCancel({ status }: Job): boolean {
  return !isFinished(status);
}

/** One reason, with all the recordings that it is about. */
export interface Reason {
  readonly code: ErrorCode;
  readonly message: string;
  readonly wayOut: string;
  readonly files: readonly string[];
}

export function reasonsOf(job: Job): Reason[] {
  const reasons = new Map<string, Reason>();
  for (const { code, message, file, retryable } of failuresOf(job)) {
    const key = `${code}/${message}/${retryable}`;
    const before = reasons.get(key)?.files ?? [];
    const files = file === null ? before : [...before, file];
    reasons.set(key, { code, message, files, wayOut: wayOut(code, retryable) });
  }
  return [...reasons.values()];
}

/** What the user can do about a failure. */
export function wayOut(code: ErrorCode, retryable: boolean): string {
  return (
    WAYS_OUT[code] ??
    (retryable
      ? 'The audio is kept. Try again now or later.'
      : 'Another try will probably fail too. Other recordings are not affected.')
  );
}

/**
 * What the user can do about each failure; null if all that can be said is whether a retry helps. A new error code does not compile without
 * a line here.
 */
const WAYS_OUT: Readonly<Record<ErrorCode, string | null>> = {
  unauthenticated: null,
  app_check_failed: null,
  permission_denied: null,
  job_not_found: null,
  path_not_found: null,
  method_not_allowed: null,
  conversation_not_found: null,
  speech_not_found: null,
  conversations_not_mergeable: null,
  edit_not_found: null,
  sharing_off: null,
  too_many_shares: null,
  share_not_found: null,
  audio_not_found: null,
  recording_not_found: null,
  conversation_merged: null,
  conversation_of_other_device: null,
  invalid_request: null,
  invalid_multipart: null,
  unsupported_media_type: null,
  no_files: null,
  too_many_files: null,
  payload_too_large: null,
  idempotency_conflict: null,
  fair_use_restricted: null,
  too_many_jobs: null,
  sign_up_not_allowed: null,
  unavailable: null,
  internal: null,
  invalid_recording: null,
  bad_extension: null,
  bad_name: null,
  bad_timestamp: null,
  duplicate_name: null,
  empty_recording: null,
  recording_too_large: null,
  recording_too_long: null,
  recording_missing: 'Add the recording again.',
  recording_unprocessable: null,
  recording_corrupt: 'No audio in it can be decoded. If you have another copy, add that one.',
  decoder_unavailable: 'The operator of the service has to install ffmpeg; then try again.',
  transcription_rejected: null,
  transcription_unavailable: null,
  transcription_rate_limited: null,
  transcription_not_configured:
    'The operator of the service has to set a valid Deepgram key; then the job continues by itself.',
  language_not_supported_locally:
    'The recogniser of this service supports only English. The recording is kept until the service uses another one.',
  storage_unavailable: null,
  storage_not_permitted: null,
  capture_ahead: null,
  daily_budget_used: null,
  project_budget_used: null,
  attempts_exhausted: null,
  duplicate_in_progress: null,
  job_not_finished: null,
  job_not_retryable: null,
  job_cancelled: 'Add the recordings again if you want them after all.',
  upload_mismatch: 'The recording is uploaded again automatically.',
  upload_expired: 'Add the missing recordings again, on a stable network.',
  retention_ended: 'If you still have the recordings, add them again.',
};
