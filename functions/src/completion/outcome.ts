/** How recordings and jobs end. Pure. */
import { CATALOGUE } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { isFinal } from '../jobs/job.ts';
import type { Failure, Job, JobFile, JobTotals } from '../jobs/job.ts';
import { ledgerOf } from '../jobs/totals.ts';
import type { FinishedStatus } from 'offline-audio-sync-contract';

export function failure(file: string | null, code: ErrorCode, message: string = CATALOGUE[code].message): Failure {
  return { file, code, message, retryable: CATALOGUE[code].remedy !== 'never' };
}

/** The result of reading a recording to its end. */
export interface ReadResult {
  readonly durationSeconds: number;
  /** Seconds that could not be decoded. */
  readonly lostSeconds: number;
  /** Seconds whose result is stored through another recording. */
  readonly duplicateSeconds: number;
  readonly error: Failure | null;
}

/** The final state of a recording that was read to its end and whose chunks all have a result. */
export function finalFile(file: JobFile, read: ReadResult): JobFile {
  const error = read.error ?? file.error;
  const hasSpeech = file.speechSeconds + read.duplicateSeconds > 0;
  return {
    ...file,
    state: error !== null ? 'failed' : hasSpeech ? 'transcribed' : 'silent',
    durationSeconds: read.durationSeconds,
    duplicateSeconds: read.duplicateSeconds,
    failedSeconds: file.failedSeconds + read.lostSeconds,
    error,
  };
}

/**
 * The final state of a recording that ends before it is done. Transcribed seconds stay speech; all others count as failed, including
 * silence, because only a recording that was read to its end is proven silent. A final recording stays as it is.
 */
export function failedFile(file: JobFile, code: ErrorCode): JobFile {
  if (isFinal(file)) return file;
  const durationSeconds = Math.max(file.durationSeconds ?? 0, file.speechSeconds);
  return {
    ...file,
    state: 'failed',
    durationSeconds,
    duplicateSeconds: 0,
    failedSeconds: durationSeconds - file.speechSeconds,
    error: failure(file.name, code),
  };
}

/**
 * Seconds of silence that are counted as the user's audio when recordings become final. Speech is counted with its result, and
 * duplicates were counted with the other recording. Silence of a failed recording is not counted, because it may come again.
 */
export function silenceOf(files: readonly JobFile[]): number {
  const counted = files.filter(({ state }) => state === 'transcribed' || state === 'silent');
  return counted.reduce((sum, file) => sum + ledgerOf(file).silentSeconds, 0);
}

/** The status with which a job ends. @throws Error if a recording is not final: it would be lost silently. */
export function statusOf(totals: JobTotals): Exclude<FinishedStatus, 'cancelled'> {
  if (!isAllFinal(totals)) throw new Error('A job cannot end before all of its recordings are final.');
  const { fileCounts, ledger } = totals;
  const { failed, ...others } = fileCounts;
  if (failed === 0) return 'completed';
  const isAllLost = ledger.failedSeconds >= ledger.audioSeconds && Object.values(others).every((count) => count === 0);
  return isAllLost ? 'failed' : 'partial';
}

/** Whether every recording of a job is final. */
export function isAllFinal({ fileCounts }: JobTotals): boolean {
  return fileCounts.expected === 0 && fileCounts.staged === 0;
}

/** Whether this code means that time ran out. */
export function isOutOfTime(code: ErrorCode): boolean {
  return code === 'upload_expired' || code === 'retention_ended';
}

/** Whether the audio is deleted, so that it can only be sent again. */
export function isAudioLost(code: ErrorCode): boolean {
  return isOutOfTime(code) || code === 'recording_missing';
}

/** Reasons after which no retry is possible. After every other failure the job can be retried as long as it exists. */
const RELEASING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['upload_expired', 'retention_ended', 'job_cancelled']);

/** Whether the recording's object must stay, for further work or for a retry by the user. */
export function needsAudio({ status }: Pick<Job, 'status'>, file: JobFile): boolean {
  if (status === 'cancelled') return false;
  if (file.state === 'failed') return file.error === null || !RELEASING.has(file.error.code);
  return !isFinal(file);
}
