/**
 * The right of one worker to work on one job. A transaction acquires it, a heartbeat renews it, and every write checks it: a worker
 * that lost it, after a pause or a network partition, cannot write anything more.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { Transaction } from 'firebase-admin/firestore';
import type { Job, TaskPayload } from './job.ts';
import { isFinished } from './stateMachine.ts';
import type { JobChange, JobStore } from './store.ts';
import type { Turns } from './turns.ts';

/** Default time that a lease lasts without a heartbeat, milliseconds. */
const LEASE_MS = 60_000;

/** Heartbeats within one lease: two may be lost. */
const HEARTBEATS_PER_LEASE = 3;

/**
 * Attempts in a row without any progress before the job fails. With the waits between them (`retryWaitMs`) they spread over more
 * than a day: an outage of some hours ends no job.
 */
export const MAX_ATTEMPTS = 24;

/** Attempts without progress that need no wait before the next one, because the platform may have stopped the worker. */
const IMMEDIATE_ATTEMPTS = 2;
const FIRST_RETRY_WAIT_MS = 30_000;
const LONGEST_RETRY_WAIT_MS = 2 * 3600_000;

/** The wait after this many attempts without progress, milliseconds. */
export function retryWaitMs(attempts: number): number {
  if (attempts < IMMEDIATE_ATTEMPTS) return 0;
  return Math.min(FIRST_RETRY_WAIT_MS * 2 ** (attempts - IMMEDIATE_ATTEMPTS), LONGEST_RETRY_WAIT_MS);
}

/** Another worker has the job now, or it ended: stop, write nothing. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** What a delivery may do with its job. */
export type Admission =
  | { readonly kind: 'work'; readonly job: Job }
  /** The job has ended; only push and clean-up may be missing. */
  | { readonly kind: 'finished'; readonly job: Job }
  /** This task has nothing to do, now or later. */
  | { readonly kind: 'drop'; readonly reason: 'missing' | 'stale_epoch' | 'not_ready' }
  /** The payload's user is not the job's: the task was forged or mixed up. */
  | { readonly kind: 'refuse'; readonly reason: 'uid_mismatch' }
  /** Too many attempts in a row without progress: the job must fail. */
  | { readonly kind: 'exhausted' }
  /** Its worker died, and not for the first time: the job must wait before the next attempt. */
  | { readonly kind: 'defer' }
  /** Earlier jobs of its user come first: the job is deferred until its turn. */
  | { readonly kind: 'turn'; readonly job: Job }
  /** Too early: the platform must deliver the task again. */
  | { readonly kind: 'wait'; readonly reason: 'leased' | 'deferred'; readonly untilMs: number };

/** Decides on a delivered task. Pure. @param nowMs Unix milliseconds. */
export function admit(job: Job | null, payload: TaskPayload, nowMs: number): Admission {
  if (job === null) return { kind: 'drop', reason: 'missing' };
  if (job.uid !== payload.uid) return { kind: 'refuse', reason: 'uid_mismatch' };
  if (payload.epoch < job.epoch) return { kind: 'drop', reason: 'stale_epoch' };
  if (isFinished(job.status)) return { kind: 'finished', job };
  if (job.status === 'uploading') return { kind: 'drop', reason: 'not_ready' };
  const deferredUntil = job.status === 'deferred' ? (job.waitingFor?.until?.toMillis() ?? 0) : 0;
  if (deferredUntil > nowMs) return { kind: 'wait', reason: 'deferred', untilMs: deferredUntil };
  const leasedUntil = job.lease?.expiresAt.toMillis() ?? 0;
  if (leasedUntil > nowMs) return { kind: 'wait', reason: 'leased', untilMs: leasedUntil };
  if (isExhausted(job, nowMs)) return { kind: 'exhausted' };
  if (job.lease !== null && leasedUntil + retryWaitMs(job.attempts) > nowMs) return { kind: 'defer' };
  return { kind: 'work', job };
}

/** Whether no worker holds the lease and the attempts are used up. @param nowMs Unix milliseconds. */
export function isExhausted({ attempts, lease }: Job, nowMs: number): boolean {
  return attempts >= MAX_ATTEMPTS && (lease?.expiresAt.toMillis() ?? 0) <= nowMs;
}

export interface AcquireOptions {
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** How long the lease lasts without a heartbeat, milliseconds. */
  readonly leaseMs?: number;
  /** Decides which of a user's jobs may be processed; without it every job may. */
  readonly turns?: Pick<Turns, 'wait'>;
}

type Decide = (job: Job, tx: Transaction) => JobChange | null | Promise<JobChange | null>;

/** A held lease: the only way a worker writes to its job. */
export class Lease {
  readonly jobId: string;
  readonly owner: string;
  readonly #store: JobStore;
  readonly #now: () => number;
  readonly #leaseMs: number;
  readonly #lost = new AbortController();
  /** Until then no other worker can have the job, Unix milliseconds. */
  #heldUntilMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #renewal: Promise<void> | null = null;
  #lastWrite: Promise<unknown> = Promise.resolve();

  private constructor(store: JobStore, jobId: string, owner: string, now: () => number, leaseMs: number) {
    this.#store = store;
    this.jobId = jobId;
    this.owner = owner;
    this.#now = now;
    this.#leaseMs = leaseMs;
  }

  /**
   * Acquires the job's lease if {@link admit} allows it and it is the job's turn.
   * @param owner unique to this delivery.
   */
  static async acquire(
    store: JobStore,
    payload: TaskPayload,
    owner: string,
    { now = Date.now, leaseMs = LEASE_MS, turns }: AcquireOptions = {},
  ): Promise<{ admission: Admission; lease: Lease | null }> {
    const lease = new Lease(store, payload.jobId, owner, now, leaseMs);
    const decided: { admission: Admission } = { admission: admit(null, payload, now()) };
    const job = await store.update(payload.jobId, async (current) => {
      if (current.lease?.owner === owner) {
        // The lease was written by an earlier try of this transaction, whose answer was lost.
        decided.admission = { kind: 'work', job: current };
        return null;
      }
      decided.admission = admit(current, payload, now());
      if (decided.admission.kind !== 'work') return null;
      // A job that was being processed continues: other jobs may wait for its claims.
      const wait = current.status === 'processing' ? null : ((await turns?.wait(current)) ?? null);
      if (wait !== null) {
        decided.admission = { kind: 'turn', job: { ...current, ...wait } };
        return wait;
      }
      return { status: 'processing', lease: lease.#fresh(), attempts: current.attempts + 1, waitingFor: null };
    });
    if (job === null || decided.admission.kind !== 'work') return { admission: decided.admission, lease: null };
    lease.#heldUntilMs = heldUntilMs(job);
    lease.#timer = setInterval(() => void lease.#heartbeat(), leaseMs / HEARTBEATS_PER_LEASE);
    return { admission: { kind: 'work', job }, lease };
  }

  /** Aborts with a {@link LeaseLostError} as soon as a heartbeat finds that the lease is gone. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Whether the lease has time left by this worker's own clock. To be asked before steps that cannot be undone and that the lease does
   * not guard. A worker that stood still for longer may have a successor without knowing it.
   */
  get isInTime(): boolean {
    return this.#now() < this.#heldUntilMs;
  }

  /**
   * Changes the job, if this worker still holds the lease, and renews the lease. Changes and heartbeats run one after the other:
   * parallel transactions on one document would wait for each other's locks, and abort each other.
   * @throws LeaseLostError
   */
  async update(decide: Decide): Promise<Job> {
    const written = this.#lastWrite.then(() => this.#write(decide));
    this.#lastWrite = written.catch(() => undefined);
    return written;
  }

  async #write(decide: Decide): Promise<Job> {
    const job = await this.#store.update(this.jobId, async (current, tx) => {
      this.assertHeld(current);
      const change = await decide(current, tx);
      return change === null ? null : { lease: this.#fresh(), ...change };
    });
    if (job === null) throw this.#loss('the job was deleted');
    this.#heldUntilMs = heldUntilMs(job);
    return job;
  }

  /** For transactions that read the job themselves. @throws LeaseLostError */
  assertHeld(job: Job | undefined): asserts job is Job {
    if (job?.lease?.owner !== this.owner) throw this.#loss('another worker holds it, or it ended');
  }

  /** Stops the heartbeat without waiting for it, so that the lease runs out. */
  abandon(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Stops the heartbeat. The lease itself ends with the last write (`lease: null`), or runs out. */
  async stop(): Promise<void> {
    this.abandon();
    await this.#renewal;
  }

  /**
   * Renews the lease, unless another write has just done so. Only one heartbeat runs at a time: if Firestore is slow, they would queue
   * up.
   */
  async #heartbeat(): Promise<void> {
    const heartbeatMs = this.#leaseMs / HEARTBEATS_PER_LEASE;
    if (this.#renewal !== null || this.#heldUntilMs - this.#now() > this.#leaseMs - heartbeatMs / 2) return;
    this.#renewal = this.update(() => ({})).then(
      () => undefined,
      (error: unknown) => {
        // Any other failure is Firestore's: the lease has time for two more tries before it runs out.
        if (error instanceof LeaseLostError) this.#lost.abort(error);
      },
    );
    await this.#renewal;
    this.#renewal = null;
  }

  #fresh(): NonNullable<Job['lease']> {
    return { owner: this.owner, expiresAt: Timestamp.fromMillis(this.#now() + this.#leaseMs) };
  }

  #loss(why: string): LeaseLostError {
    return new LeaseLostError(`Lost the lease of job ${this.jobId}: ${why}.`);
  }
}

function heldUntilMs({ lease }: Job): number {
  return lease?.expiresAt.toMillis() ?? 0;
}
