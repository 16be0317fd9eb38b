/** Promise 1, nothing lost: every second is accounted for, and Storage has exactly the audio that is still needed. */
import { CATALOGUE } from '../../src/errors.ts';
import type { JobFile } from '../../src/jobs/job.ts';
import type { JobWithFiles } from '../support/jobFiles.ts';
import { describedBy } from '../support/jobFiles.ts';
import { isFinished } from '../../src/jobs/stateMachine.ts';
import { needsAudio } from '../../src/completion/outcome.ts';
import { recordingId } from '../../src/audio/read/identity.ts';
import { doneChunks, isClose, sumOf } from './invariant.ts';
import type { Invariant } from './invariant.ts';
import type { UserData } from './userData.ts';

/** In the ledger of an ended job, the parts add up to its audio, the audio is that of its recordings, and the speech that of its chunks. */
export const ledgerAddsUp: Invariant = (data) => {
  const done = doneChunks(data);
  return [...data.jobs].flatMap(([id, { status, ledger, files, fileCounts }]) => {
    const counted = describedBy(files);
    const miscounted = Object.entries(counted.fileCounts).filter(
      ([state, count]) => fileCounts[state as keyof typeof fileCounts] !== count,
    );
    if (!isFinished(status)) return miscounted.map(([state]) => `job ${id}: miscounts its ${state} recordings`);
    const { audioSeconds, speechSeconds, silentSeconds, duplicateSeconds, failedSeconds } = ledger;
    const parts = [speechSeconds, silentSeconds, duplicateSeconds, failedSeconds];
    const recorded = sumOf(files, ({ durationSeconds }) => durationSeconds);
    const sent = sumOf(done, ({ jobId, chunk }) => (jobId === id ? chunk.durationMs / 1000 : 0));
    return [
      ...miscounted.map(([state]) => `job ${id}: miscounts its ${state} recordings`),
      ...(parts.some((seconds) => seconds < 0) ? [`job ${id}: a part of its ledger is negative`] : []),
      ...differs(
        `job ${id}: the parts of its ledger, against its audio`,
        sumOf(parts, (part) => part),
        audioSeconds,
      ),
      ...differs(`job ${id}: the audio of its ledger, against its recordings`, audioSeconds, recorded),
      ...differs(`job ${id}: the speech of its ledger, against its chunks`, speechSeconds, sent),
    ];
  });
};

function differs(what: string, a: number, b: number): string[] {
  return isClose(a, b) ? [] : [`${what}: ${a.toFixed(3)} s instead of ${b.toFixed(3)} s`];
}

/** Storage has no object that no job needs, except those that a job that has just ended is about to delete. */
export const noOrphanedObject: Invariant = ({ jobs, objects }, { nowMs, graceMs }) => {
  const owners = new Map([...jobs.values()].flatMap((job) => job.files.map((file) => [file.path, { job, file }])));
  return objects.flatMap(({ path, createdAtMs }) => {
    const owner = owners.get(path);
    if (owner !== undefined && needsAudio(owner.job, owner.file)) return [];
    const sinceMs = owner?.job.finishedAt?.toMillis() ?? createdAtMs;
    if (nowMs - sinceMs < graceMs && (owner?.job.notifiedAt ?? null) === null) return [];
    return [`object ${path} belongs to ${owner === undefined ? 'no job' : `a job that is ${owner.job.status}`}`];
  });
};

/** The audio of every recording that is still to be transcribed, now or by a retry, is in Storage, byte for byte. */
export const neededAudioIsThere: Invariant = ({ jobs, objects }) => {
  const stored = new Map(objects.map(({ path, md5 }) => [path, md5]));
  return [...jobs].flatMap(([id, job]) =>
    job.files
      .filter((file) => isOwed(job, file) && stored.get(file.path) !== file.md5)
      .map(({ name }) => `job ${id}: the audio of ${name} is not in Storage, or not as it was sent`),
  );
};

/** Duplicates are not needed even in an unfinished job. Recordings that never arrived, or are known to be missing, cannot be there. */
function isOwed(job: JobWithFiles, file: JobFile): boolean {
  if (file.state === 'staged') return needsAudio(job, file);
  return file.state === 'failed' && file.error?.code !== 'recording_missing' && needsAudio(job, file);
}

/** Every job is processed, or waits for something until some time, or has ended with an explanation. */
export const everyJobHasAWayForward: Invariant = ({ jobs }, { nowMs, graceMs }) =>
  [...jobs].flatMap(([id, job]) => {
    const complaints = isFinished(job.status) ? badEnd(job) : stuck(job, nowMs - graceMs);
    return complaints.map((complaint) => `job ${id} is ${job.status}, and ${complaint}`);
  });

function stuck({ status, lease, waitingFor }: JobWithFiles, overdueMs: number): string[] {
  if (status === 'processing') {
    if (lease === null) return ['no worker holds its lease'];
    return lease.expiresAt.toMillis() < overdueMs ? ['its worker is dead and no other has taken over'] : [];
  }
  if (waitingFor === null || waitingFor.message === '') return ['does not say what it waits for'];
  if (status !== 'deferred') return [];
  if (waitingFor.until === null) return ['does not say until when it waits'];
  return waitingFor.until.toMillis() < overdueMs ? ['its wait is over and no worker has continued it'] : [];
}

function badEnd({ status, files, failures, lease, waitingFor, finishedAt }: JobWithFiles): string[] {
  const isEnded = lease === null && waitingFor === null && finishedAt !== null;
  const unexplained = [...failures, ...files.flatMap(({ error }) => error ?? [])].filter(
    ({ code, message }) => !(code in CATALOGUE) || message === '',
  );
  const silentFailures = files.filter(({ state, error }) => state === 'failed' && error === null);
  const open = files.filter(({ state }) => !['transcribed', 'silent', 'duplicate'].includes(state));
  return [
    ...(isEnded ? [] : ['still holds or waits for something, or does not say when it ended']),
    ...(unexplained.length > 0 ? ['has a failure without a known code and a sentence'] : []),
    ...(silentFailures.length > 0 ? ['has a failed recording without a reason'] : []),
    ...(status === 'completed' && (failures.length > 0 || open.length > 0) ? ['not all of it is done'] : []),
    ...((status === 'partial' || status === 'failed') && failures.length === 0 ? ['does not say why'] : []),
  ];
}

/** Recordings and the registry agree: each recording is done once, in one job, and duplicates are of recordings that are done. */
export const registryAgrees: Invariant = (data) => {
  const doneIn = new Map<string, string>();
  const complaints: string[] = [];
  for (const [jobId, job] of data.jobs) {
    for (const file of job.files) {
      // The recording has not arrived.
      if (file.md5 === null) {
        if (file.state !== 'expected' && file.state !== 'failed')
          complaints.push(`job ${jobId}: ${file.name} has no MD5`);
        continue;
      }
      const id = recordingId(data.uid, file.md5, file.size);
      const entry = data.recordings.get(id);
      if (file.state === 'duplicate' && entry?.state !== 'done' && !isRepeatedIn(job, file)) {
        complaints.push(`job ${jobId}: ${file.name} is a duplicate of something that is not done`);
      }
      if (file.state !== 'transcribed' && file.state !== 'silent') continue;
      // If it was sent again at another date after a deletion, another job has transcribed it again.
      if ((entry?.startTimes.length ?? 0) > 1) continue;
      if (entry?.state !== 'done' || entry.jobId !== jobId) {
        complaints.push(`job ${jobId}: ${file.name} is done, and the registry does not say so`);
      } else if (!isClose(entry.durationSeconds ?? 0, durationOf(data, jobId, entry.file))) {
        complaints.push(`job ${jobId}: the registry has another duration of ${file.name}`);
      }
      const other = doneIn.get(id);
      if (other !== undefined && other !== jobId)
        complaints.push(`${file.name} is done twice, in jobs ${other} and ${jobId}`);
      doneIn.set(id, jobId);
    }
  }
  for (const [id, { state, jobId, startTimes }] of data.recordings) {
    if (startTimes.length === 1 && state === 'done' && data.jobs.has(jobId) && doneIn.get(id) !== jobId)
      complaints.push(`registry entry ${id}: job ${jobId} has not processed it`);
  }
  return complaints;
};

/** Whether the recording was sent twice in one upload; then the first one is processed for both. */
function isRepeatedIn({ files }: JobWithFiles, file: JobFile): boolean {
  return files.some(({ name, md5, size }) => name !== file.name && md5 === file.md5 && size === file.size);
}

function durationOf({ jobs }: UserData, jobId: string, name: string): number {
  return jobs.get(jobId)?.files.find((file) => file.name === name)?.durationSeconds ?? 0;
}
