/** The task: one delivery of one job, from the lease to the push. */
import { randomUUID } from 'node:crypto';
import type { Listener } from '../audio/detect/listener.ts';
import { WINDOW_SAMPLES } from '../audio/detect/vad.ts';
import { SAMPLE_RATE } from '../audio/read/pcm.ts';
import { AppError } from '../errors.ts';
import { readChunks } from '../jobs/chunk.ts';
import type { Job, TaskPayload } from '../jobs/job.ts';
import { isExhausted, Lease, LeaseLostError } from '../jobs/lease.ts';
import type { Admission } from '../jobs/lease.ts';
import type { TaskQueue } from '../jobs/queue.ts';
import type { JobStore } from '../jobs/store.ts';
import { WAITING_IN_QUEUE } from '../jobs/store.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import type { PreferenceStore } from '../transcription/preferences.ts';
import type { Transcriber } from '../transcription/transcriber.ts';
import type { DailyBudget } from '../usage/budget.ts';
import type { FairUse } from '../usage/fairUse.ts';
import { requireCaptured } from './captureAhead.ts';
import { Checkpoints } from './checkpoints.ts';
import type { CheckpointDeps } from './checkpoints.ts';
import { claimRecordings, settleRecordings } from './claims.ts';
import type { ClaimDeps } from './claims.ts';
import { deferral } from './deferral.ts';
import { endEarly, finishJob, wrapUp } from '../completion/finish.ts';
import type { FinishDeps } from '../completion/finish.ts';
import { transcribeRecordings } from './pipeline.ts';
import type { PipelineDeps } from './pipeline.ts';
import { inTimeOrder } from './scanOrder.ts';

export interface ProcessDeps
  extends
    CheckpointDeps,
    ClaimDeps,
    FinishDeps,
    Omit<PipelineDeps, 'signal' | 'log' | 'isTimeUp' | 'requestsEndMs' | 'speech'> {
  readonly jobs: JobStore;
  readonly queue: TaskQueue;
  readonly preferences: Pick<PreferenceStore, 'speechSettings'>;
  readonly fairUse: Pick<FairUse, 'requireBudget'>;
  readonly budget: Pick<DailyBudget, 'spend' | 'audioMeter'>;
  readonly logger: Logger;
  /** After this long a worker takes no new work, milliseconds: enough before the task's timeout to end what is in flight. */
  readonly workMs: number;
  /** After this long the platform ends a worker, milliseconds. */
  readonly taskMs: number;
  /** How long a dead worker keeps the job from others, milliseconds. */
  readonly leaseMs: number;
  readonly now: () => number;
}

/** What a worker needs at its end to say why it could not finish, milliseconds; and it may have begun a little before it knows. */
const LAST_WORDS_MS = 30_000;

/** Thrown for what another delivery mends: the platform backs off and delivers again. */
export class RetryTaskError extends Error {
  override readonly name = 'RetryTaskError';
}

/**
 * Processes one delivery. Returns when there is nothing more for this delivery to do, whatever became of the job.
 * @throws RetryTaskError when it came too early; anything unexpected as it is: both are delivered again.
 */
export async function processSyncJob(payload: TaskPayload, deps: ProcessDeps): Promise<void> {
  const logger = withFields(deps.logger, { jobId: payload.jobId, epoch: payload.epoch });
  const { admission, lease } = await Lease.acquire(deps.jobs, payload, randomUUID(), deps.now, deps.leaseMs);
  if (lease === null || admission.kind !== 'work') return turnAway(admission, payload, deps, logger);

  try {
    logger.info('Attempt begins', {
      stage: 'lease',
      attempt: admission.job.attempts,
      files: admission.job.files.length,
    });
    await attempt(admission.job, lease, deps, logger);
  } catch (error) {
    await giveUp(error, payload, lease, deps, logger).catch((reason: unknown) => {
      if (!(reason instanceof LeaseLostError)) throw reason;
      logger.warn('The job is not this worker’s any more', { stage: 'lease', reason: reason.message });
    });
  } finally {
    await lease.stop();
  }
}

async function attempt(job: Job, lease: Lease, deps: ProcessDeps, logger: Logger): Promise<void> {
  const beganMs = deps.now();
  requireCaptured(job, beganMs);
  const claimed = await claimRecordings(job, lease, deps);
  const known = await readChunks(deps.db, lease.jobId);
  const files = inTimeOrder(claimed.job.files).filter(
    ({ name, state }) => state === 'staged' && !claimed.waiting.has(name),
  );
  const names = files.map(({ name }) => name);
  const checkpoints = new Checkpoints(deps, lease, {
    scanned: names,
    earlierJobs: claimed.earlierJobs,
    nextSequence: known.size,
  });

  const { complete } = await transcribeRecordings(claimed.job, files, known, checkpoints, {
    ...deps,
    listener: () => deps.listener().then((listener) => metered(listener, job.uid, deps)),
    transcriber: budgeted(leased(deps.transcriber, lease), job.uid, deps),
    speech: await deps.preferences.speechSettings(job.uid, { jobId: lease.jobId }),
    log: logger,
    signal: lease.signal,
    isTimeUp: () => deps.now() >= beganMs + deps.workMs,
    requestsEndMs: beganMs + deps.taskMs - LAST_WORDS_MS,
  });
  await checkpoints.save({});
  if (!complete) return continueLater(lease, deps, logger);

  const settled = [...(await readChunks(deps.db, lease.jobId)).values()];
  await settleRecordings(lease, settled, new Set(names), deps);
  if (claimed.waiting.size > 0) throw new AppError('duplicate_in_progress');

  // The lease goes with the next write: a heartbeat would find it gone, and a failure of what follows be taken for that.
  await lease.stop();
  const finished = await finishJob(lease, await lease.update(() => null), settled, deps);
  logger.info('Job ended', { stage: 'finish', status: finished.status, ...finished.ledger, ...finished.usage });
  await wrapUp(lease.jobId, finished, deps, logger);
}

type Budgets = Pick<ProcessDeps, 'fairUse' | 'budget'>;

/** Detects speech only while the day's budgets of audio last. */
function metered(listener: Listener, uid: string, { budget }: Budgets): Listener {
  const meter = budget.audioMeter(uid);
  return {
    parallel: listener.parallel,
    async listen(passage, signal) {
      await meter((passage.windows * WINDOW_SAMPLES) / SAMPLE_RATE);
      return listener.listen(passage, signal);
    },
  };
}

/** Sends only while the day's budgets of speech last: the rest waits, with its audio, for the next day. */
function budgeted(transcriber: Transcriber, uid: string, { fairUse, budget }: Budgets): Transcriber {
  return {
    async transcribe(request, signal) {
      await fairUse.requireBudget(uid);
      await budget.spend(uid, 'sentSeconds', request.durationMs / 1000);
      return transcriber.transcribe(request, signal);
    },
  };
}

/**
 * Asks only while the lease lasts. Writes of a worker that stood still are refused, but a request would be paid for a second
 * time: the one thing to hold it back is its own clock.
 */
function leased(transcriber: Transcriber, lease: Lease): Transcriber {
  return {
    async transcribe(request, signal) {
      if (!lease.isInTime) throw new RetryTaskError('The lease ran out before it was renewed.');
      return transcriber.transcribe(request, signal);
    },
  };
}

/** Time is up, work is not: the job goes on in a task of its own, under a new epoch. */
async function continueLater(lease: Lease, deps: ProcessDeps, logger: Logger): Promise<void> {
  const { uid, epoch } = await lease.update((job) => ({
    status: 'pending',
    lease: null,
    attempts: 0,
    epoch: job.epoch + 1,
    waitingFor: WAITING_IN_QUEUE,
  }));
  await deps.queue.enqueue({ jobId: lease.jobId, uid, epoch });
  logger.info('Time is up; the job continues in a new task', { stage: 'continue', nextEpoch: epoch });
}

/**
 * An attempt failed. What waiting can mend is waited for, visibly; the rest is for the platform to deliver again.
 * @throws LeaseLostError when the job is another worker's by now; the error itself when it is the platform's to deliver again.
 */
async function giveUp(
  thrown: unknown,
  payload: TaskPayload,
  lease: Lease,
  deps: ProcessDeps,
  logger: Logger,
): Promise<void> {
  // Whatever was under way then ended because of that.
  const error: unknown = lease.signal.aborted ? lease.signal.reason : thrown;
  if (error instanceof LeaseLostError) throw error;
  if (error instanceof AppError && error.remedy !== 'never') {
    const job = await lease.update((current) => deferral(current, error, deps.now()));
    const until = job.waitingFor?.until?.toMillis() ?? deps.now();
    logger[error.remedy === 'operator' ? 'error' : 'warn']('Job deferred', {
      stage: 'defer',
      code: error.code,
      until: new Date(until).toISOString(),
      ...(error.cause === undefined ? {} : { cause: errorFields(error.cause) }),
    });
    await deps.queue.enqueue({ ...payload, epoch: job.epoch }, { delaySeconds: (until - deps.now()) / 1000 });
    return;
  }
  logger.error('Attempt failed', { stage: 'attempt', ...errorFields(error) });
  // Free for the next delivery at once, instead of when the lease runs out. If this fails too, it runs out.
  await lease.update(() => ({ status: 'pending', lease: null, waitingFor: WAITING_IN_QUEUE })).catch(() => null);
  throw error;
}

/** A delivery that is not to do the work. */
async function turnAway(admission: Admission, payload: TaskPayload, deps: ProcessDeps, logger: Logger): Promise<void> {
  switch (admission.kind) {
    case 'finished':
      return wrapUp(payload.jobId, admission.job, deps, logger);
    case 'refuse':
      logger.error('Security: a task named another user than its job', {
        stage: 'gate',
        securityEvent: admission.reason,
      });
      return;
    case 'drop':
      logger.info('Task dropped', { stage: 'gate', reason: admission.reason });
      return;
    case 'wait':
      throw new RetryTaskError(`Not before ${new Date(admission.untilMs).toISOString()}: ${admission.reason}.`);
    case 'exhausted': {
      const ended = await endEarly(payload.jobId, 'attempts_exhausted', (job) => isExhausted(job, deps.now()), deps);
      if (ended === null) throw new RetryTaskError('The job moved meanwhile.');
      logger.error('Job given up', {
        stage: 'gate',
        code: 'attempts_exhausted',
        status: ended.status,
        ...ended.ledger,
      });
      return wrapUp(payload.jobId, ended, deps, logger);
    }
    case 'work':
      throw new Error('A job was admitted without a lease.');
  }
}

/** A logger that adds the same fields to every line. */
function withFields(logger: Logger, fields: Readonly<Record<string, unknown>>): Logger {
  return {
    info: (message, more) => {
      logger.info(message, { ...fields, ...more });
    },
    warn: (message, more) => {
      logger.warn(message, { ...fields, ...more });
    },
    error: (message, more) => {
      logger.error(message, { ...fields, ...more });
    },
  };
}
