/** How a job ended, derived from what is durable: its recordings and its chunks. Pure. */
import { SAMPLES_PER_MS } from '../audio/read/pcm.ts';
import { CATALOGUE } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { KnownChunk } from '../jobs/chunk.ts';
import type { AudioLedger, Failure, Job, JobFile, JobStatus, JobUsage } from '../jobs/job.ts';
import { isFinished } from '../jobs/stateMachine.ts';

export interface Outcome {
  readonly status: Extract<JobStatus, 'completed' | 'partial' | 'failed'>;
  readonly files: readonly JobFile[];
  readonly ledger: AudioLedger;
  readonly failures: readonly Failure[];
  readonly usage: JobUsage;
  /** Of the chunks; some may have been merged into others meanwhile. */
  readonly conversationIds: readonly string[];
}

export function failure(file: string | null, code: ErrorCode, message: string = CATALOGUE[code].message): Failure {
  return { file, code, message, retryable: CATALOGUE[code].remedy !== 'never' };
}

export function concludeJob(files: readonly JobFile[], chunks: readonly KnownChunk[]): Outcome {
  const concluded = files.map((file) => concludeFile(file, chunks));
  const failures = concluded.flatMap(({ error }) => error ?? []);
  const done = chunks.filter((chunk) => chunk.state === 'done');
  return {
    status: failures.length === 0 ? 'completed' : concluded.every(isLost) ? 'failed' : 'partial',
    files: concluded,
    ledger: ledgerOf(concluded),
    failures,
    usage: {
      requests: done.filter(({ reusedFrom }) => reusedFrom === undefined).length,
      billedSeconds: sum(done, ({ billedSeconds }) => billedSeconds),
    },
    conversationIds: [...new Set(done.flatMap(({ conversationIds }) => conversationIds))],
  };
}

/** The seconds of recordings by what became of them. What was neither sent, lost nor duplicate is silence. */
export function ledgerOf(files: readonly JobFile[]): AudioLedger {
  // In whole milliseconds, so that the parts add up to the sum and no float's tail reaches a reader.
  const total = (seconds: (file: JobFile) => number | null): number =>
    Math.round(1000 * sum(files, (file) => seconds(file) ?? 0));
  const audio = total(({ durationSeconds }) => durationSeconds);
  const speech = total(({ speechSeconds }) => speechSeconds);
  const failed = total(({ failedSeconds }) => failedSeconds);
  const duplicate = total(({ state, durationSeconds }) => (state === 'duplicate' ? durationSeconds : 0));
  return {
    audioSeconds: audio / 1000,
    speechSeconds: speech / 1000,
    silentSeconds: Math.max(0, audio - speech - failed - duplicate) / 1000,
    duplicateSeconds: duplicate / 1000,
    failedSeconds: failed / 1000,
  };
}

/** The final state of a recording whose chunks are all settled; one that has its final state keeps it. */
export function concludeFile(file: JobFile, chunks: readonly KnownChunk[]): JobFile {
  if (file.state !== 'staged') return file;
  const speechSeconds = secondsIn(file, chunks, 'done');
  const refusedSeconds = secondsIn(file, chunks, 'failed');
  const refusal = chunks.find(
    (chunk) => chunk.state === 'failed' && chunk.spans.some(({ recordingId }) => recordingId === file.name),
  );
  const error = file.error ?? (refusal?.state === 'failed' ? { ...refusal.error, file: file.name } : null);
  return {
    ...file,
    state: error !== null ? 'failed' : speechSeconds > 0 ? 'transcribed' : 'silent',
    speechSeconds,
    failedSeconds: (file.lostSeconds ?? 0) + refusedSeconds,
    unplannedFrom: file.error === null ? null : unreadFrom(file, chunks),
    error,
  };
}

/**
 * The final state of a recording whose job ends before its work is done. What is transcribed stays; all the rest counts as
 * failed, the silence in it too: only a scan that came to its end proves silence.
 */
export function abandonFile(file: JobFile, chunks: readonly KnownChunk[], code: ErrorCode): JobFile {
  if (file.state !== 'staged' && file.state !== 'expected') return file;
  const speechSeconds = secondsIn(file, chunks, 'done');
  const durationSeconds = Math.max(file.durationSeconds ?? 0, speechSeconds);
  return {
    ...file,
    state: 'failed',
    durationSeconds,
    speechSeconds,
    failedSeconds: durationSeconds - speechSeconds,
    unplannedFrom: file.error === null ? file.unplannedFrom : unreadFrom(file, chunks),
    error: failure(file.name, code),
  };
}

/** Reasons that let go of the audio: everything else that failed can be tried again as long as the job is there. */
const RELEASING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['upload_expired', 'retention_ended', 'job_cancelled']);

/**
 * Whether the recording's audio is in the user's counters: it was worked through to its end, whatever that was. The end of
 * its job, or of its job's attempts, is none.
 */
export function isCounted({ state, error }: JobFile): boolean {
  if (state === 'failed') return error === null || !(RELEASING.has(error.code) || error.code === 'attempts_exhausted');
  return state === 'transcribed' || state === 'silent';
}

/** Whether the recording's object must stay: for work to come, or for a retry by the user. */
export function needsAudio({ status }: Pick<Job, 'status'>, { state, error }: JobFile): boolean {
  if (!isFinished(status)) return true;
  if (status === 'cancelled') return false;
  if (state === 'failed') return error === null || !RELEASING.has(error.code);
  // A job that failed too often ends with recordings that nobody came to.
  return state === 'staged' || state === 'expected';
}

/**
 * Where a retry reads a recording again that could not be read (to its end): behind what chunks were made of. Samples at 16 kHz
 * from its start. A scan that met its end had no more to plan: without this, what it could not read would pass for silence.
 */
function unreadFrom({ name, startedAt }: JobFile, chunks: readonly KnownChunk[]): number {
  const spans = chunks.flatMap((chunk) => chunk.spans).filter(({ recordingId }) => recordingId === name);
  const endMs = Math.max(0, ...spans.map((span) => span.startMs + span.durationMs - startedAt.toMillis()));
  return Math.round(endMs * SAMPLES_PER_MS);
}

/** Speech of a recording in chunks of one state, seconds. */
function secondsIn({ name }: JobFile, chunks: readonly KnownChunk[], state: KnownChunk['state']): number {
  const spans = chunks.filter((chunk) => chunk.state === state).flatMap((chunk) => chunk.spans);
  return sum(spans, ({ recordingId, durationMs }) => (recordingId === name ? durationMs : 0)) / 1000;
}

/** Whether nothing of the recording came through. */
function isLost({ state, speechSeconds, durationSeconds, failedSeconds }: JobFile): boolean {
  return state === 'failed' && (speechSeconds ?? 0) === 0 && (failedSeconds ?? 0) >= (durationSeconds ?? 0);
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
