/** One attempt at a job, by a worker that holds its lease: claims recordings, transcribes them, and ends the job. */
import type { Listener } from '../audio/detect/listener.ts';
import { finishJob, wrapUp } from '../completion/finish.ts';
import type { FinishDeps } from '../completion/finish.ts';
import { AppError } from '../errors.ts';
import { Coverage } from '../jobs/coverage.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import type { Lease } from '../jobs/lease.ts';
import { enqueueJob } from '../jobs/queue.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import { backInQueue, NO_ATTEMPTS } from '../jobs/store.ts';
import type { Logger } from '../logger.ts';
import type { PreferenceStore } from '../transcription/preferences.ts';
import type { Transcriber } from '../transcription/transcriber.ts';
import { requireCaptured } from './captureAhead.ts';
import { claimRecordings } from './claims.ts';
import type { ClaimDeps, Claimed } from './claims.ts';
import { FileWork } from './fileWork.ts';
import { transcribeRecordings } from './pipeline.ts';
import type { PipelineDeps } from './pipeline.ts';
import { Recorder } from './recorder.ts';
import type { RecorderDeps } from './recorder.ts';
import type { ScanSettings } from './scanEvent.ts';
import { inTimeOrder } from './scanOrder.ts';
import { budgeted, inSlot, metered } from './spending.ts';
import type { SpendingLimits } from './spending.ts';

/** What an attempt uses: the stores, what ends a job, the queue, and four groups that only the worker needs. */
export interface AttemptDeps extends RecorderDeps, ClaimDeps, FinishDeps {
  readonly audio: FinishDeps['audio'];
  readonly queue: TaskQueue;
  readonly now: () => number;
  readonly speech: SpeechServices;
  readonly spending: SpendingLimits;
  readonly scan: ScanSettings;
  readonly times: WorkTimes;
}

/** What turns audio into words. */
export interface SpeechServices {
  readonly listener: () => Promise<Listener>;
  readonly transcriber: Transcriber;
  readonly preferences: Pick<PreferenceStore, 'read'>;
  /** At most this many requests of one worker are in flight. */
  readonly concurrency: number;
}

/** Milliseconds. */
export interface WorkTimes {
  /** After this long a worker begins nothing new, so that requests in flight can end before the task's timeout. */
  readonly workMs: number;
  /** After this long the platform gives up on the task. It does not end the process. */
  readonly taskMs: number;
  /** How long the lease of a dead worker keeps other workers from the job. */
  readonly leaseMs: number;
}

/** Requests in flight are abandoned this long before the task's timeout, milliseconds: the worker still has to write why the job waits. */
const LAST_REQUESTS_MS = 30_000;

/** From this attempt in a row on, the worker notes in the job which recording it reads. */
const SUSPICIOUS_ATTEMPTS = 2;

/**
 * Works on a job until it is done or the time is up.
 * @throws whatever ends the attempt early; the signal's reason once it aborts.
 */
export async function attempt(
  job: Job,
  lease: Lease,
  signal: AbortSignal,
  deps: AttemptDeps,
  logger: Logger,
): Promise<void> {
  const beganMs = deps.now();
  const fileWork = new FileWork();
  const coverage = new Coverage(deps.db, job.uid, lease.jobId, deps.now);
  const recorder = new Recorder(deps, lease, fileWork, coverage);
  try {
    await failSuspect(job, recorder, logger);
    const all = (await deps.files.read(lease.jobId, job)).all;
    const claimed = await claimStaged(job, all, lease, beganMs, deps);
    const work = transcribeRecordings(
      { jobId: lease.jobId, job, all, files: claimed.files, fileWork, recorder },
      await pipelineDeps(job, lease, recorder, { coverage, beganMs, signal, log: logger }, deps),
    );
    // Recordings that are done become final, even if something else has failed.
    await work.catch(() => recorder.save().catch(() => undefined));
    const { complete } = await work;
    await recorder.save();
    if (!complete) {
      await continueLater(lease, deps, logger);
      return;
    }
    if (claimed.waiting > 0) throw waitingForDuplicate(claimed.waitUntilMs, deps.now());
  } finally {
    await recorder.close();
  }

  // The next write ends the lease. A heartbeat after it would find the lease gone, and a later failure would look like a lost lease.
  await lease.stop();
  const finished = await finishJob(lease, await lease.update(() => ({})), deps);
  logger.info('job.ended', { stage: 'finish', status: finished.status, ...finished.ledger, ...finished.usage });
  await wrapUp(lease.jobId, finished, deps, logger);
}

/** If two attempts in a row ended while one recording was read, fails that recording, so that the others can continue. */
async function failSuspect({ attempts, reading }: Job, recorder: Recorder, logger: Logger): Promise<void> {
  if (attempts <= SUSPICIOUS_ATTEMPTS || reading === null) return;
  const code = 'recording_unprocessable';
  logger.error('recording.unprocessable', { stage: 'decode', code });
  await recorder.failRecording(reading, code);
}

/** Claims the recordings that are not done. @throws AppError `capture_ahead` */
async function claimStaged(
  { uid }: Job,
  all: readonly JobFile[],
  lease: Lease,
  nowMs: number,
  deps: AttemptDeps,
): Promise<Claimed> {
  const staged = inTimeOrder(all.filter(({ state }) => state === 'staged'));
  requireCaptured(staged, nowMs);
  const claimed = await claimRecordings(uid, staged, lease, deps);
  // wrapUp deletes an object that could not be deleted now.
  await deps.audio.delete(claimed.duplicates).catch(() => undefined);
  return claimed;
}

/** The services of this attempt, within the user's preferences, the budgets and the remaining time. */
async function pipelineDeps(
  { uid, attempts }: Job,
  lease: Lease,
  recorder: Recorder,
  own: Pick<PipelineDeps, 'coverage' | 'signal' | 'log'> & { readonly beganMs: number },
  { audio, keptAudio, scan, speech, spending, times, now }: AttemptDeps,
): Promise<PipelineDeps> {
  const { beganMs, ...rest } = own;
  const preferences = await speech.preferences.read(uid, { jobId: lease.jobId });
  return {
    ...rest,
    audio,
    listener: () => speech.listener().then((listener) => metered(listener, uid, spending)),
    transcriber: inSlot(budgeted(leased(speech.transcriber, lease), uid, spending), spending),
    speech: preferences.speech,
    keptAudio: keptAudio.isOn && preferences.keepsAudio ? keptAudio : null,
    settings: scan,
    concurrency: speech.concurrency,
    now,
    isTimeUp: () => now() >= beganMs + times.workMs,
    requestsEndMs: beganMs + times.taskMs - LAST_REQUESTS_MS,
    ...(attempts >= SUSPICIOUS_ATTEMPTS ? { onReading: ({ name }) => recorder.save({ reading: name }) } : {}),
  };
}

function waitingForDuplicate(untilMs: number | null, nowMs: number): AppError {
  return new AppError('duplicate_in_progress', untilMs !== null && untilMs > nowMs ? { untilMs } : {});
}

/**
 * Sends a request only while the lease lasts by this worker's own clock. A worker that stood still may have lost its lease without
 * knowing: its writes are refused, but its requests would be paid for a second time.
 */
function leased(transcriber: Transcriber, lease: Lease): Transcriber {
  return {
    async transcribe(request, signal) {
      if (!lease.isInTime) throw new Error('The lease ran out before it was renewed.');
      return transcriber.transcribe(request, signal);
    },
  };
}

/** Time is up before the work is done: the job continues in a new task, under a new epoch. */
async function continueLater(lease: Lease, deps: AttemptDeps, logger: Logger): Promise<void> {
  const job = await lease.update((current) => ({ ...backInQueue(current), ...NO_ATTEMPTS }));
  // The lease has ended with that write, so a failure of the queue does not count as a failed attempt.
  await enqueueJob(lease.jobId, job, { queue: deps.queue, logger });
  logger.info('job.continued', { stage: 'continue', nextEpoch: job.epoch });
}
