/** The task: one delivery of one job, from the lease to the push. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Listener } from '../audio/detect/listener.ts';
import { AppError } from '../errors.ts';
import { Coverage } from '../jobs/coverage.ts';
import { deferral } from '../jobs/deferral.ts';
import type { Job, JobFile, TaskPayload } from '../jobs/job.ts';
import { admit, isExhausted, Lease, LeaseLostError } from '../jobs/lease.ts';
import type { Admission } from '../jobs/lease.ts';
import { enqueueJob } from '../jobs/queue.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import type { Turns } from '../jobs/turns.ts';
import { backInQueue, NO_ATTEMPTS } from '../jobs/store.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import type { PreferenceStore } from '../transcription/preferences.ts';
import type { Transcriber } from '../transcription/transcriber.ts';
import { requireCaptured } from './captureAhead.ts';
import { claimRecordings } from './claims.ts';
import type { ClaimDeps } from './claims.ts';
import { FileWork } from './fileWork.ts';
import { endEarly, finishJob, wrapUp } from '../completion/finish.ts';
import type { FinishDeps } from '../completion/finish.ts';
import { transcribeRecordings } from './pipeline.ts';
import { Recorder } from './recorder.ts';
import type { RecorderDeps } from './recorder.ts';
import type { ScanSettings } from './scanEvent.ts';
import { inTimeOrder } from './scanOrder.ts';
import { budgeted, inSlot, metered } from './spending.ts';
import type { SpendingLimits } from './spending.ts';

/** Everything that a worker uses: the stores, what ends a job, the queue, and four groups that only the worker needs. */
export interface ProcessDeps extends RecorderDeps, ClaimDeps, FinishDeps {
  readonly audio: FinishDeps['audio'];
  readonly queue: TaskQueue;
  readonly turns: Pick<Turns, 'wait' | 'pass'>;
  readonly logger: Logger;
  readonly now: () => number;
  /** Ends the process: the last resort against an attempt that hangs. */
  readonly exit: () => void;
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
/** The attempt is aborted this long before the task's timeout, milliseconds. */
const ABORT_MS = 20_000;
/** An aborted attempt that has not ended after this long counts as hanging, milliseconds. */
const HANG_MS = 15_000;

/** From this attempt in a row on, the worker notes in the job which recording it reads. */
const SUSPICIOUS_ATTEMPTS = 2;

/** Thrown if a later delivery can succeed: the platform waits, and delivers the task again. */
export class RetryTaskError extends Error {
  override readonly name = 'RetryTaskError';
}

/** The attempt did not end before its task's timeout. */
class OverdueError extends Error {
  override readonly name = 'OverdueError';
}

/**
 * Processes one delivery. Returns when this delivery has nothing more to do, whether the job ended or waits.
 * @throws RetryTaskError if the delivery came too early; Firestore's error if the failure of an attempt could not be written. In both
 * cases the platform delivers the task again.
 */
export async function processJob(payload: TaskPayload, deps: ProcessDeps): Promise<void> {
  const logger = withFields(deps.logger, { jobId: payload.jobId, epoch: payload.epoch });
  await deliver(payload, deps, logger);
  await deps.turns.pass(payload.uid).catch((error: unknown) => {
    logger.warn('job.not_woken', { stage: 'turn', ...errorFields(error) });
  });
}

async function deliver(payload: TaskPayload, deps: ProcessDeps, logger: Logger): Promise<void> {
  const { admission, lease } = await Lease.acquire(deps.jobs, payload, randomUUID(), {
    now: deps.now,
    leaseMs: deps.times.leaseMs,
    turns: deps.turns,
  });
  if (lease === null || admission.kind !== 'work') return turnAway(admission, payload, deps, logger);

  logger.info('attempt.began', { stage: 'lease', attempt: admission.job.attempts });
  const overdue = new AbortController();
  const deadline = setTimeout(() => {
    overdue.abort(new OverdueError('The attempt did not end in time.'));
  }, deps.times.taskMs - ABORT_MS);
  const signal = AbortSignal.any([lease.signal, overdue.signal]);
  try {
    const work = attempt(admission.job, lease, signal, deps, logger);
    await endOrExit(work, signal, lease, deps, logger);
  } catch (error) {
    // If the signal has aborted, its reason is the cause of whatever failed then.
    await fail(signal.aborted ? signal.reason : error, payload, lease, deps, logger).catch((reason: unknown) => {
      if (!(reason instanceof LeaseLostError)) throw reason;
      logger.warn('lease.lost', { stage: 'lease', reason: reason.message });
    });
  } finally {
    clearTimeout(deadline);
    await lease.stop();
  }
}

/**
 * Waits for the attempt to end. If it hangs after it was aborted, its lease is no longer renewed, and the process exits: the platform
 * would let it run.
 */
async function endOrExit(
  work: Promise<void>,
  signal: AbortSignal,
  lease: Lease,
  { exit }: ProcessDeps,
  logger: Logger,
): Promise<void> {
  const ended = new AbortController();
  const hang = async (): Promise<void> => {
    if (!signal.aborted) await once(AbortSignal.any([signal, ended.signal]), 'abort');
    await sleep(HANG_MS, undefined, { signal: ended.signal });
    lease.abandon();
    logger.error('attempt.hung', { stage: 'attempt' });
    exit();
  };
  const watch = hang().catch(() => undefined);
  try {
    await Promise.race([work, watch.then(() => work)]);
  } finally {
    ended.abort();
  }
}

async function attempt(job: Job, lease: Lease, signal: AbortSignal, deps: ProcessDeps, logger: Logger): Promise<void> {
  const { jobId } = lease;
  const { speech, spending, times } = deps;
  const beganMs = deps.now();
  const fileWork = new FileWork();
  const coverage = new Coverage(deps.db, job.uid, jobId, deps.now);
  const recorder = new Recorder(deps, lease, fileWork, coverage);
  const isSuspicious = job.attempts >= SUSPICIOUS_ATTEMPTS;
  try {
    if (job.attempts > SUSPICIOUS_ATTEMPTS && job.reading !== null) {
      // Two attempts in a row ended while this recording was read: fail it, and continue with the others.
      const code = 'recording_unprocessable';
      logger.error('recording.unprocessable', { stage: 'decode', code });
      await recorder.failRecording(job.reading, code);
    }
    const all = (await deps.files.read(jobId, job)).all;
    const staged = inTimeOrder(all.filter(({ state }) => state === 'staged'));
    requireCaptured(staged, beganMs);
    const claimed = await claimRecordings(job.uid, staged, lease, deps);
    // wrapUp deletes an object that could not be deleted now.
    await deps.audio.delete(claimed.duplicates).catch(() => undefined);

    const preferences = await speech.preferences.read(job.uid, { jobId });
    const work = transcribeRecordings(
      { jobId, job, all, files: claimed.files, fileWork, recorder },
      {
        audio: deps.audio,
        coverage,
        listener: () => speech.listener().then((listener) => metered(listener, job.uid, spending)),
        transcriber: inSlot(budgeted(leased(speech.transcriber, lease), job.uid, spending), spending),
        speech: preferences.speech,
        keptAudio: deps.keptAudio.isOn && preferences.keepsAudio ? deps.keptAudio : null,
        settings: deps.scan,
        concurrency: speech.concurrency,
        now: deps.now,
        log: logger,
        signal,
        isTimeUp: () => deps.now() >= beganMs + times.workMs,
        requestsEndMs: beganMs + times.taskMs - LAST_REQUESTS_MS,
        ...(isSuspicious ? { onReading: ({ name }: JobFile) => recorder.save({ reading: name }) } : {}),
      },
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
  await wrapUp(jobId, finished, deps, logger);
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
async function continueLater(lease: Lease, deps: ProcessDeps, logger: Logger): Promise<void> {
  const job = await lease.update((current) => ({ ...backInQueue(current), ...NO_ATTEMPTS }));
  // The lease has ended with that write, so a failure of the queue does not count as a failed attempt.
  await enqueueJob(lease.jobId, job, { queue: deps.queue, logger });
  logger.info('job.continued', { stage: 'continue', nextEpoch: job.epoch });
}

/**
 * Defers the job after a failed attempt: it says why it waits, and a later task continues it.
 * @throws LeaseLostError if another worker has the job by now.
 */
async function fail(
  error: unknown,
  payload: TaskPayload,
  lease: Lease,
  deps: ProcessDeps,
  logger: Logger,
): Promise<void> {
  if (error instanceof LeaseLostError) throw error;
  await lease.stop();
  const job = await lease.update((current) => deferral(current, error, deps.now()));
  const isExpected = error instanceof AppError && error.remedy === 'later';
  logger[isExpected ? 'warn' : 'error']('job.deferred', {
    stage: 'defer',
    code: job.waitingFor?.reason,
    until: job.waitingFor?.until?.toDate().toISOString(),
    attempts: job.attempts,
    cause: errorFields(error instanceof AppError ? (error.cause ?? error) : error),
  });
  await enqueueDeferred(payload, job, deps);
}

async function enqueueDeferred(payload: TaskPayload, job: Job, { queue, now }: ProcessDeps): Promise<void> {
  const untilMs = job.waitingFor?.until?.toMillis() ?? now();
  await queue.enqueue({ ...payload, epoch: job.epoch }, { delaySeconds: (untilMs - now()) / 1000 });
}

/** Ends a delivery that is not admitted to work on the job. */
async function turnAway(admission: Admission, payload: TaskPayload, deps: ProcessDeps, logger: Logger): Promise<void> {
  switch (admission.kind) {
    case 'finished':
      return wrapUp(payload.jobId, admission.job, deps, logger);
    case 'refuse':
      logger.error('task.uid_mismatch', { stage: 'gate', securityEvent: admission.reason });
      return;
    case 'drop':
      logger.info('task.dropped', { stage: 'gate', reason: admission.reason });
      return;
    case 'wait':
      throw new RetryTaskError(`Not before ${new Date(admission.untilMs).toISOString()}: ${admission.reason}.`);
    case 'turn':
      logger.info('job.waits_for_turn', { stage: 'turn' });
      return;
    case 'defer': {
      const job = await deps.jobs.update(payload.jobId, (current) =>
        admit(current, payload, deps.now()).kind === 'defer' ? deferral(current, null, deps.now()) : null,
      );
      if (job?.status !== 'deferred') throw new RetryTaskError('The job moved meanwhile.');
      logger.error('worker.died', { stage: 'gate', attempts: job.attempts });
      return enqueueDeferred(payload, job, deps);
    }
    case 'exhausted': {
      const code = 'attempts_exhausted';
      const ended = await endEarly(payload.jobId, code, (job) => isExhausted(job, deps.now()), deps);
      if (ended === null) throw new RetryTaskError('The job moved meanwhile.');
      logger.error('job.exhausted', { stage: 'gate', code, status: ended.status, ...ended.ledger });
      return wrapUp(payload.jobId, ended, deps, logger);
    }
    case 'work':
      throw new Error('A job was admitted without a lease.');
  }
}

/** A logger that adds the same fields to every line. */
function withFields(logger: Logger, fields: Readonly<Record<string, unknown>>): Logger {
  const at = (level: keyof Logger): Logger['info'] => {
    return (event, more) => {
      logger[level](event, { ...fields, ...more });
    };
  };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
