/**
 * Recordings that an app uploads straight to Storage, each by itself and in any order: held against what the job declared. The
 * last one in starts the job. An event says that something arrived; what is true of it is what Storage and the job say now, so
 * events may be lost, late, doubled or all at once.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pMap from 'p-map';
import { enqueueJob } from '../jobs/queue.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Logger } from '../logger.ts';
import { failure, needsAudio } from '../completion/outcome.ts';
import { startOf } from './begin.ts';
import type { ListedObject, UploadedObjects } from '../storage/objects.ts';
import { stagedPath } from '../storage/paths.ts';

export interface ArrivalDeps {
  readonly jobs: Pick<JobStore, 'get' | 'tryUpdate'>;
  readonly objects: Pick<UploadedObjects, 'list' | 'find' | 'delete' | 'seal'>;
  readonly queue: TaskQueue;
  readonly logger: Logger;
}

/** An object that has arrived. */
export interface Arrival extends Pick<ListedObject, 'path' | 'generation' | 'size' | 'md5'> {
  /** Whether it is there still. One that is not may have been removed by an event whose handler died before it said why. */
  readonly isPresent: boolean;
}

/** What an object is to the job whose path it has. */
type Verdict =
  | { readonly kind: 'right'; readonly file: JobFile; readonly md5: string }
  | { readonly kind: 'wrong'; readonly file: JobFile; readonly why: string }
  /** None of the job's recordings, or of one that the job does not need any more. */
  | { readonly kind: 'unwanted' }
  /** Taken before, or not this way in. */
  | { readonly kind: 'known' };

/** Deletes under way at once. */
const CONCURRENCY = 16;

/** Of those that write to one job at once, one wins each time; milliseconds between two tries of the others, at most. */
const TRIES = 20;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;

/**
 * Takes what has arrived for one job. Doing it twice, or at once with others, is the same as once.
 * @throws whatever Firestore and Storage throw: an event is delivered again then, and the sweeper comes by.
 */
export async function takeArrivals(
  uid: string,
  jobId: string,
  arrivals: readonly Arrival[],
  deps: ArrivalDeps,
): Promise<void> {
  const job = await deps.jobs.get(jobId);
  const judged = arrivals.map((arrival) => ({ arrival, verdict: judge(uid, job, arrival) }));
  // Before the reason is written: whoever reads that can upload anew at once.
  await pMap(judged, ({ arrival, verdict }) => refuse(jobId, arrival, verdict, deps), { concurrency: CONCURRENCY });
  if (!judged.some(({ verdict: { kind } }) => kind === 'right' || kind === 'wrong')) return;
  const accepted = judged.filter(({ verdict: { kind } }) => kind === 'right');
  await pMap(accepted, ({ arrival }) => deps.objects.seal(arrival), { concurrency: CONCURRENCY });

  let perhapsStarted = false;
  for (let tries = 1; ; tries++) {
    const { recorded, starts } = await record(uid, jobId, arrivals, deps);
    if (recorded === 'unknown') perhapsStarted ||= starts;
    else if (recorded !== 'conflict') {
      const isStarted = starts || (perhapsStarted && recorded?.status === 'pending');
      if (recorded !== null && isStarted) await begin(jobId, recorded, deps);
      return;
    }
    if (tries === TRIES) throw new Error(`Too many write to job ${jobId} at once.`);
    await sleep(Math.random() * Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS));
  }
}

/** Takes whatever lies in Storage for a job: what its events would have done, had they come. */
export async function takeStaged(uid: string, jobId: string, deps: ArrivalDeps): Promise<void> {
  let pageToken: string | null = null;
  do {
    const page = await deps.objects.list(stagedPath(uid, jobId, ''), pageToken);
    const arrivals = page.objects.map((object) => ({ ...object, isPresent: true }));
    if (arrivals.length > 0) await takeArrivals(uid, jobId, arrivals, deps);
    pageToken = page.nextPageToken;
  } while (pageToken !== null);
}

/** One try. `starts`: what is recorded, if it is, starts the job. */
async function record(uid: string, jobId: string, arrivals: readonly Arrival[], deps: ArrivalDeps) {
  let starts = false;
  const recorded = await deps.jobs.tryUpdate(jobId, (current) => {
    const files = arrivals.reduce((taken, arrival) => note(taken, judge(uid, current, arrival)), current.files);
    const start = files === current.files ? null : startOf(jobId, files);
    starts = start !== null;
    return files === current.files ? null : { files, ...start };
  });
  return { recorded, starts };
}

/** To do it twice is the same as once. */
async function begin(jobId: string, job: Job, deps: ArrivalDeps): Promise<void> {
  deps.logger.info('Upload complete', { jobId, stage: 'arrival', files: job.files.length });
  await enqueueJob(jobId, job, deps);
}

function judge(uid: string, job: Job | null, { path, size, md5, isPresent }: Arrival): Verdict {
  const file = job?.uid === uid ? job.files.find((each) => each.path === path) : undefined;
  if (job === null || file === undefined || !needsAudio(job, file)) return { kind: 'unwanted' };
  if (job.upload !== 'direct' || job.status !== 'uploading' || file.state !== 'expected') return { kind: 'known' };
  const why = mismatch(file, size, md5);
  if (why !== null || md5 === null)
    return { kind: 'wrong', file, why: why ?? 'It has no MD5; upload it in one piece.' };
  return isPresent ? { kind: 'right', file, md5 } : { kind: 'known' };
}

/** A sentence; null where it is what was declared. */
function mismatch(declared: JobFile, size: number, md5: string | null): string | null {
  if (size !== declared.size) {
    return `${String(size)} bytes arrived where ${String(declared.size)} were declared; upload the recording again.`;
  }
  if (declared.md5 !== null && md5 !== declared.md5) {
    return 'What arrived has another MD5 than was declared; upload the recording again.';
  }
  return null;
}

function note(files: readonly JobFile[], verdict: Verdict): readonly JobFile[] {
  const replace = (file: JobFile): JobFile[] => files.map((each) => (each.name === file.name ? file : each));
  if (verdict.kind === 'right') {
    return replace({ ...verdict.file, state: 'staged', md5: verdict.md5, error: null });
  }
  if (verdict.kind !== 'wrong' || verdict.file.error?.message === verdict.why) return files;
  return replace({ ...verdict.file, error: failure(verdict.file.name, 'upload_mismatch', verdict.why) });
}

async function refuse(
  jobId: string,
  arrival: Arrival,
  verdict: Verdict,
  { objects, logger }: ArrivalDeps,
): Promise<void> {
  if (verdict.kind !== 'wrong' && verdict.kind !== 'unwanted') return;
  if (arrival.isPresent) await objects.delete(arrival);
  const reason = verdict.kind === 'wrong' ? verdict.why : 'No job waits for it.';
  logger.warn('Uploaded object removed', { jobId, stage: 'arrival', reason });
}
