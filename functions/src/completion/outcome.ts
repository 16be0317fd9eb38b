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

/** What reading a recording to its end has shown. */
export interface ReadResult {
  readonly durationSeconds: number;
  /** Seconds of it that could not be decoded. */
  readonly lostSeconds: number;
  /** Seconds of it whose result is stored through another recording. */
  readonly duplicateSeconds: number;
  readonly error: Failure | null;
}

/** The final state of a recording that was read to its end, and whose chunks all have their result. */
export function finalFile(file: JobFile, read: ReadResult): JobFile {
  const error = read.error ?? file.error;
  const isHeard = file.speechSeconds + read.duplicateSeconds > 0;
  return {
    ...file,
    state: error !== null ? 'failed' : isHeard ? 'transcribed' : 'silent',
    durationSeconds: read.durationSeconds,
    duplicateSeconds: read.duplicateSeconds,
    failedSeconds: file.failedSeconds + read.lostSeconds,
    error,
  };
}

/**
 * The final state of a recording whose work ends before it is done. What is transcribed stays; the rest counts as failed, the
 * silence in it too: only a recording that was read to its end is proven silent. One that is final stays as it is.
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
 * Seconds that recordings which became final add to the user's audio: their silence. Speech counts with its result, and what is stored
 * through another recording has counted there. Of a recording that failed no silence counts: it may come again.
 */
export function silenceOf(files: readonly JobFile[]): number {
  const counted = files.filter(({ state }) => state === 'transcribed' || state === 'silent');
  return counted.reduce((sum, file) => sum + ledgerOf(file).silentSeconds, 0);
}

/** How a job ends. @throws Error where a recording is not final: it would be lost without a word. */
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

/** Whether something ended because it did not arrive, or was not done, in time. */
export function isOutOfTime(code: ErrorCode): boolean {
  return code === 'upload_expired' || code === 'retention_ended';
}

/** Whether the audio is gone, and can only be sent again. */
export function isAudioLost(code: ErrorCode): boolean {
  return isOutOfTime(code) || code === 'recording_missing';
}

/** Reasons that end the need for the audio: everything else that failed can be tried again as long as the job is there. */
const RELEASING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['upload_expired', 'retention_ended', 'job_cancelled']);

/** Whether the recording's object must stay: for work to come, or for a retry by the user. */
export function needsAudio({ status }: Pick<Job, 'status'>, file: JobFile): boolean {
  if (status === 'cancelled') return false;
  if (file.state === 'failed') return file.error === null || !RELEASING.has(file.error.code);
  return !isFinal(file);
}
