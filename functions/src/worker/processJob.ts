/** The task: one delivery of one job, from the lease to the push. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { endEarly, wrapUp } from '../completion/finish.ts';
import { AppError } from '../errors.ts';
import { deferral } from '../jobs/deferral.ts';
import type { Job, TaskPayload } from '../jobs/job.ts';
import { admit, isExhausted, Lease, LeaseLostError } from '../jobs/lease.ts';
import type { Admission } from '../jobs/lease.ts';
import type { Turns } from '../jobs/turns.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { attempt } from './attempt.ts';
import type { AttemptDeps } from './attempt.ts';

/** What a delivery uses besides the attempt. */
export interface ProcessDeps extends AttemptDeps {
  readonly turns: Pick<Turns, 'wait' | 'pass'>;
  readonly logger: Logger;
  /** Ends the process: the last resort against an attempt that hangs. */
  readonly exit: () => void;
}

/** The attempt is aborted this long before the task's timeout, milliseconds. */
const ABORT_MS = 20_000;
/** An aborted attempt that has not ended after this long counts as hanging, milliseconds. */
const HANG_MS = 15_000;

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
