/** An entry of the registry, and what a job may do with a recording that has one. Pure. */
import type { Timestamp } from 'firebase-admin/firestore';
import type { FileRef, Job, JobFile } from './job.ts';
import { isFinished } from './stateMachine.ts';

export interface RecordingEntry extends FileRef {
  /** `open`: the next job that brings the recording may claim it. */
  readonly state: 'claimed' | 'done' | 'open';
  readonly deviceId: string;
  /** Where it lies on its device's time axis. */
  readonly startedAt: Timestamp;
  /**
   * The times under which it was sent, or to which a correction moved it, Unix milliseconds. Sent again at one of these times, it stays
   * where it lies.
   */
  readonly startTimes: readonly number[];
  /** Known when done. */
  readonly durationSeconds: number | null;
  readonly updatedAt: Timestamp;
  readonly expiresAt: Timestamp;
}

/** Audio that is done. */
export interface Original {
  readonly ref: FileRef;
  readonly durationSeconds: number | null;
}

/** What a job may do with one of its recordings. */
export type Claim =
  /** This job processes it. `startedAt`: where it lies, which after a correction may be another time than its name says. */
  | { readonly kind: 'ours'; readonly startedAt: Timestamp; readonly shift: RecordingShift | null }
  /** Its audio is done in another job. `shift`: it was sent at a new time, which corrects its date. */
  | ({ readonly kind: 'duplicate'; readonly shift: RecordingShift | null } & Original)
  /** Another job has the claim. `untilMs`: until when that job waits itself, Unix milliseconds; null if it does not wait. */
  | { readonly kind: 'wait'; readonly untilMs: number | null };

/** A recording that moves to another time of its device. */
export interface RecordingShift {
  readonly recordingId: string;
  readonly deviceId: string;
  /** Where it lies, Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Null if it was not read to its end. */
  readonly durationSeconds: number | null;
  /** The job and file that its entry names. */
  readonly ref: FileRef;
}

/** A recording's id and its entry. */
export interface KnownRecording {
  readonly id: string;
  readonly entry: RecordingEntry;
}

/** Times that are remembered of one recording. */
const MOST_START_TIMES = 20;

/** Decides on one claim. Identical bytes at two times of one job stay two recordings: they are most likely the same silence. */
export function claimOf(
  { startedAt }: JobFile,
  id: string,
  entry: RecordingEntry | undefined,
  jobId: string,
  owners: ReadonlyMap<string, Job>,
): Claim {
  if (entry === undefined || entry.jobId === jobId) return { kind: 'ours', startedAt, shift: null };
  const isKnownTime = knowsTime(entry, startedAt);
  const shift = isKnownTime ? null : shiftOf(id, entry, startedAt.toMillis());
  if (entry.state === 'done') return { kind: 'duplicate', ...originalOf(entry), shift };
  const owner = entry.state === 'claimed' ? owners.get(entry.jobId) : undefined;
  if (owner === undefined || isFinished(owner.status)) {
    return { kind: 'ours', startedAt: isKnownTime ? entry.startedAt : startedAt, shift };
  }
  // A job that waits for its turn may get it as soon as this job waits, so its time says nothing.
  const until = owner.waitingFor?.reason === 'earlier_jobs' ? null : owner.waitingFor?.until;
  return { kind: 'wait', untilMs: until?.toMillis() ?? null };
}

/** Whether the recording was sent at this time before. */
export function knowsTime({ startTimes }: RecordingEntry, startedAt: Timestamp): boolean {
  return startTimes.includes(startedAt.toMillis());
}

function shiftOf(id: string, entry: RecordingEntry, toMs: number): RecordingShift {
  const { deviceId, startedAt, durationSeconds, jobId, file } = entry;
  return { recordingId: id, deviceId, fromMs: startedAt.toMillis(), toMs, durationSeconds, ref: { jobId, file } };
}

/** The times of an entry and further ones, the newest last. */
export function timesOf(entry: RecordingEntry | undefined, ...added: readonly Timestamp[]): number[] {
  const times = new Set([...(entry?.startTimes ?? []), ...added.map((time) => time.toMillis())]);
  return [...times].slice(-MOST_START_TIMES);
}

export function originalOf({ jobId, file, durationSeconds }: RecordingEntry): Original {
  return { ref: { jobId, file }, durationSeconds };
}

/** Marks a file as a duplicate of audio that is done elsewhere. Seconds that this job transcribed of it stay speech. */
export function asDuplicate(file: JobFile, { ref, durationSeconds }: Original): JobFile {
  const seconds = file.durationSeconds ?? durationSeconds;
  return {
    ...file,
    state: 'duplicate',
    durationSeconds: seconds,
    duplicateSeconds: Math.max(0, (seconds ?? 0) - file.speechSeconds),
    failedSeconds: 0,
    refused: [],
    duplicateOf: ref,
    error: null,
  };
}
