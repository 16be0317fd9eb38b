/** Promise 2, nothing twice: what a user is charged for is what was done, once. */
import type { ErrorCode } from '../../src/errors.ts';
import type { JobFile } from '../../src/jobs/job.ts';
import type { UsageCounters } from 'offline-audio-sync-contract';
import { doneChunks, hasWholeHistory, isClose, sumOf } from './invariant.ts';
import type { Invariant } from './invariant.ts';
import type { UserData } from './userData.ts';

/** Requests, billed seconds and seconds sent are those of the done chunks. */
export const usageEqualsChunks: Invariant = (data) => {
  // What was taken over from an earlier job was counted there.
  const done = doneChunks(data).flatMap(({ chunk }) => (chunk.reusedFrom === undefined ? chunk : []));
  return [
    ...compare(data, 'requests', done.length),
    ...compare(
      data,
      'billedSeconds',
      sumOf(done, (chunk) => chunk.billedSeconds),
    ),
    ...compare(
      data,
      'speechSeconds',
      sumOf(done, (chunk) => chunk.durationMs / 1000),
    ),
  ];
};

/** The seconds of audio are those of the recordings that were worked through to their end, whatever that was. */
export const audioUsageEqualsSettledRecordings: Invariant = (data) => {
  const files = [...data.jobs.values()].flatMap((job) => job.files);
  const settled = sumOf(files, (file) => (isSettled(file) ? file.durationSeconds : 0));
  return compare(data, 'audioSeconds', settled);
};

/** Codes of recordings whose job ended before their work did: their audio was never counted. */
const ENDED_EARLY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'upload_expired',
  'retention_ended',
  'job_cancelled',
  'attempts_exhausted',
]);

function isSettled({ state, error }: JobFile): boolean {
  if (state === 'failed') return error === null || !ENDED_EARLY.has(error.code);
  return state === 'transcribed' || state === 'silent';
}

function compare(data: UserData, counter: keyof UsageCounters, done: number): string[] {
  const counted = sumOf(data.usage.values(), (day) => day[counter]);
  const agrees = isClose(counted, done) || (counted > done && !hasWholeHistory(data));
  return agrees ? [] : [`usage counts ${counted.toFixed(3)} ${counter} and the jobs ${done.toFixed(3)}`];
}
