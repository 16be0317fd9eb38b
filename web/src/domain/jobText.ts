/** Jobs in words: where they stand, and what can be done. The server's own sentences say why. */
import { isFinished } from 'offline-audio-sync-contract';
import type { ErrorCode, JobStatus, Stage } from 'offline-audio-sync-contract';
import type { Job } from '../data/model.ts';

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

/** What is being done right now, or what stands still. */
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

/** Whose recordings these are: `pendant`, `pendant and phone`, `5 devices`. */
export function devicesOf({ files, deviceId }: Job): string {
  const devices = [...new Set(files.map((file) => file.deviceId))];
  if (devices.length > 3) return `${devices.length} devices`;
  return new Intl.ListFormat('en').format(devices.length === 0 ? [deviceId] : devices);
}

/** The audio is gone with these: there is nothing that could be tried again. */
const AUDIO_GONE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'recording_missing',
  'retention_ended',
  'upload_expired',
  'job_cancelled',
]);

/** `likely`: it may help. `possible`: the audio is kept, but the same will come of it unless something was mended. */
export function retryOf({ status, failures }: Job): 'likely' | 'possible' | 'no' {
  if (status !== 'failed' && status !== 'partial') return 'no';
  const kept = failures.filter(({ code }) => !AUDIO_GONE.has(code));
  if (kept.length === 0) return 'no';
  return kept.some(({ retryable }) => retryable) ? 'likely' : 'possible';
}

export function canCancel({ status }: Job): boolean {
  return !isFinished(status);
}

/** The same reason once, with the recordings it is about. */
export interface Reason {
  readonly code: ErrorCode;
  readonly message: string;
  readonly wayOut: string;
  readonly files: readonly string[];
}

export function reasonsOf({ failures }: Job): Reason[] {
  const reasons = new Map<string, Reason>();
  for (const { code, message, file, retryable } of failures) {
    const key = `${code}/${message}/${retryable}`;
    const before = reasons.get(key)?.files ?? [];
    const files = file === null ? before : [...before, file];
    reasons.set(key, { code, message, files, wayOut: wayOut(code, retryable) });
  }
  return [...reasons.values()];
}

/** What to do about a failure. */
export function wayOut(code: ErrorCode, retryable: boolean): string {
  const special = WAYS_OUT[code];
  if (special !== undefined) return special;
  return retryable
    ? 'The audio is kept: try again now, or later.'
    : 'Trying again will most likely give the same. Other recordings are not affected.';
}

const WAYS_OUT: Readonly<Partial<Record<ErrorCode, string>>> = {
  job_cancelled: 'Add the recordings again if you want them after all.',
  upload_expired: 'Add what is missing again, on a network that lasts.',
  upload_mismatch: 'The recording is uploaded again by itself.',
  retention_ended: 'If you still have the recordings, add them again.',
  recording_missing: 'Add the recording again.',
  recording_corrupt: 'Nothing in it can be heard. If there is another copy, add that.',
  decoder_unavailable: 'Whoever runs the service has to install ffmpeg; then try again.',
  language_not_supported_locally:
    'The recogniser of this service hears English only; the recording is kept until it uses another one.',
  transcription_not_configured: 'Whoever runs the service has to set a valid Deepgram key; then it goes on by itself.',
};
