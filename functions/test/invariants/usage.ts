/** Promise 2, nothing twice: the usage of a user counts everything that was done once. */
import type { UsageCounters } from 'offline-audio-sync-contract';
import { ledgerOf } from '../../src/jobs/totals.ts';
import { doneChunks, hasWholeHistory, isClose, sumOf } from './invariant.ts';
import type { Invariant } from './invariant.ts';
import type { UserData } from './userData.ts';

/** The counted requests, billed seconds and sent seconds are those of the chunks. */
export const usageEqualsChunks: Invariant = (data) => {
  const done = doneChunks(data).map(({ chunk }) => chunk);
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

/** The counted seconds of audio are those of the chunks, and the silence of the recordings that did not fail. */
export const audioUsageEqualsRecordings: Invariant = (data) => {
  const speech = sumOf(doneChunks(data), ({ chunk }) => chunk.durationMs / 1000);
  const files = [...data.jobs.values()].flatMap((job) => job.files);
  const done = files.filter(({ state }) => state === 'transcribed' || state === 'silent');
  const silence = sumOf(done, (file) => ledgerOf(file).silentSeconds);
  return [
    ...compare(data, 'audioSeconds', speech + silence),
    ...[...data.usage].flatMap(([day, counters]) =>
      Object.entries(counters).flatMap(([name, value]) =>
        typeof value === 'number' && value < 0 ? [`usage of ${day}: ${name} is negative`] : [],
      ),
    ),
  ];
};

function compare(data: UserData, counter: keyof UsageCounters, done: number): string[] {
  const counted = sumOf(data.usage.values(), (day) => day[counter]);
  const agrees = isClose(counted, done) || (counted > done && !hasWholeHistory(data));
  return agrees ? [] : [`usage counts ${counted.toFixed(3)} ${counter} and the jobs ${done.toFixed(3)}`];
}
