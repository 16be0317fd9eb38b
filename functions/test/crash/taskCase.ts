/** Runs a case of workers that die, freeze or work at the same time. */
import { StandInControl } from '../../../dev/deepgram/control.ts';
import type { LogEntry } from '../../../dev/deepgram/protocol.ts';
import { chunksOf } from '../../src/jobs/chunk.ts';
import { isFinished } from '../../src/jobs/stateMachine.ts';
import { describe } from './boundaries.ts';
import type { Plan } from './boundaries.ts';
import type { Delivery, TaskCase } from './case.ts';
import { startWorker } from './children.ts';
import type { Ending } from './children.ts';
import { isPaid } from '../invariants/requests.ts';
import { until } from '../support/until.ts';
import { CONCURRENCY, isForTheQueue, LEASE_MS, TASK_MS } from './deps.ts';
import type { TaskOrder } from './orders.ts';
import type { Evidence } from './verdict.ts';
import type { Surroundings, World } from './world.ts';

/**
 * How long a worker waits for an answer, milliseconds. On a busy machine an answer takes seconds, and a request that times out is paid
 * for and repeated. Only if the stand-in never answers, a short limit saves time.
 */
const REQUEST_TIMEOUT_MS = 60_000;
const UNANSWERED_TIMEOUT_MS = 10_000;

/** The timeout of a task that hangs, milliseconds: long enough to reach the place, to be aborted and to be ended. */
const HANG_TASK_MS = 40_000;

/** The duration of an outage, milliseconds. */
const OUTAGE_MS = 60_000;

/** Runs of the sweeper after which a job must have a task. */
const SWEEPS = 4;

/** Errors after which a retry by the user can succeed. */
const RETRIED: ReadonlySet<string> = new Set(['recording_unprocessable', 'transcription_rejected']);

export interface CaseRun {
  readonly evidence: Evidence;
  /** The plans that were carried out. */
  readonly met: readonly Plan[];
  readonly complaints: readonly string[];
}

export async function runTaskCase(each: TaskCase, world: World, surroundings: Surroundings): Promise<CaseRun> {
  const run = new TaskRun(world, surroundings);
  const jobIds: string[] = [];
  for (const scenarios of each.jobs) jobIds.push(await world.accept(scenarios));
  for (const [i, delivery] of each.deliveries.entries()) {
    await during(`delivery ${i + 1}`, run.deliver(jobIds[delivery.job] ?? '', delivery));
  }
  const cancelled = new Set<string>();
  for (const job of each.cancelled ?? []) {
    const id = jobIds[job] ?? '';
    if (await during('a cancellation', world.cancel(id))) cancelled.add(id);
    await during('sending again', world.accept(each.jobs[job] ?? [], { isRecut: each.recut ?? false }));
  }
  await during('what came after', world.drain());
  // A recording that failed as unprocessable is read alone in the retry. A recording that was refused in one job is claimed by another
  // job that also has it, perhaps before the recording beside it. In both cases a word that crosses from one recording into the other
  // is divided.
  let isDivided = false;
  const isSentTwice = cancelled.size > 0 || new Set(each.jobs.flat()).size < each.jobs.flat().length;
  // The user retries what may succeed.
  for (const [id, { failures }] of await world.jobs()) {
    const codes = new Set(failures.map(({ code }) => code));
    isDivided ||= codes.has('recording_unprocessable') || (isSentTwice && codes.has('transcription_rejected'));
    if (cancelled.has(id) || failures.length === 0) continue;
    if ([...codes].some((code) => !RETRIED.has(code))) continue;
    if (codes.has('recording_unprocessable') && (run.hits.get(id) ?? 0) < 2)
      run.complaints.push(`job ${id} blames a recording for less than two dead workers`);
    await during('a retry by hand', world.retry(id));
    // Before the next retry, because two jobs may have failed on one recording, and only one of them can retry it at a time.
    await during('what came after a retry', world.drain());
  }
  // A task may be delivered again even after it succeeded.
  for (const payload of world.tasks.everything()) await during('a late delivery', world.deliver(payload));

  for (const [id, { status }] of await world.jobs()) {
    const expected = cancelled.has(id) ? 'cancelled' : 'completed';
    if (status !== expected) run.complaints.push(`job ${id} is ${status}`);
  }
  const { requests } = await run.standIn.log();
  const isRecut = each.recut ?? false;
  const evidence = { scenarios: each.jobs.flat(), log: requests, excused: run.excused, isRecut, isDivided };
  return { evidence, met: run.met, complaints: run.complaints };
}

/** Adds to an unexpected error what was being done. */
async function during<T>(what: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw new Error(`During ${what}`, { cause: error });
  });
}

interface Endings {
  readonly endings: readonly Ending[];
  /** Whether the plan was carried out. */
  readonly isHit: boolean;
}

class TaskRun {
  readonly standIn: StandInControl;
  readonly met: Plan[] = [];
  readonly complaints: string[] = [];
  /** How many plans were carried out, by job. */
  readonly hits = new Map<string, number>();
  /** Ids of requests that may be paid for without becoming a chunk: their answer was spoiled, or they were in flight at a kill. */
  readonly excused = new Set<string>();
  readonly #world: World;
  readonly #surroundings: Surroundings;

  constructor(world: World, surroundings: Surroundings) {
    this.#world = world;
    this.#surroundings = surroundings;
    this.standIn = new StandInControl(surroundings.standInUrl);
  }

  async deliver(jobId: string, delivery: Delivery): Promise<void> {
    const task = await this.#taskOf(jobId);
    if (task === null) return; // The job has ended: there is no worker for the plan of this delivery.
    const before = (await this.#requests()).length;
    await this.#misbehave(delivery, before + 1);

    const { plan } = delivery;
    const order: TaskOrder = {
      standInUrl: this.#surroundings.standInUrl,
      projectId: this.#world.projectId,
      aheadMs: this.#world.aheadMs,
      payload: task.payload,
      plan,
      leaseMs: delivery.leaseMs,
      workMs: delivery.workMs,
      taskMs: plan?.kind === 'hang' ? HANG_TASK_MS : TASK_MS,
      requestTimeoutMs: isUnanswered(delivery) ? UNANSWERED_TIMEOUT_MS : REQUEST_TIMEOUT_MS,
      failRead: delivery.failRead,
    };
    const { endings, isHit } =
      plan?.kind === 'freeze' ? await this.#overtake(order) : await this.#let(order, delivery.twice);
    if (plan !== null && isHit) {
      this.met.push(plan);
      this.hits.set(jobId, (this.hits.get(jobId) ?? 0) + 1);
      await this.#excuseInFlight(jobId, before);
    }
    if (plan?.kind === 'outage') this.#world.advance(OUTAGE_MS);
    await this.#excuseSpoiled(delivery, before);
    await this.standIn.behave(); // A rule for a request that was not made must not apply to another one.
    this.#conclude(task.id, endings, plan);
  }

  /** Runs one worker to its end, or two at the same time, of which the first has the plan. */
  async #let(order: TaskOrder, twice: boolean): Promise<Endings> {
    const orders = [order, ...(twice ? [{ ...order, plan: null }] : [])];
    const workers = orders.map((each) => this.#start(each));
    const endings = await Promise.all(workers.map(({ ending }) => ending));
    return { endings, isHit: endings[0]?.kind === 'killed' || workers[0]?.isMet() === true };
  }

  #start(order: TaskOrder) {
    return startWorker(
      this.#surroundings.scripts,
      order,
      ({ payload, redrive }) => void this.#world.tasks.enqueue(payload, { redrive }),
    );
  }

  /** A worker is frozen until its lease has ended and another worker has done its work; then it continues. */
  async #overtake(order: TaskOrder): Promise<Endings> {
    const child = this.#start(order);
    const asking = await child.frozen;
    if (asking !== null) {
      this.#world.passBy(this.#world.nowMs() + LEASE_MS);
      await this.#world.deliver(order.payload).catch((error: unknown) => {
        if (!isForTheQueue(error)) throw error;
      });
      child.thaw();
    }
    const ending = await child.ending;
    await this.#excuseAsked(order.payload.jobId, asking ?? []);
    return { endings: [ending], isHit: asking !== null };
  }

  /**
   * Excuses requests that a worker had begun when it was frozen. It sends them when it continues, after another worker has sent the
   * same audio and stored the result.
   */
  async #excuseAsked(jobId: string, asking: readonly string[]): Promise<void> {
    const stored = await this.#storedRequests(jobId);
    const requests = await this.#requests();
    for (const sha256 of asking) {
      const last = requests.findLast((each) => each.sha256 === sha256 && !stored.has(each.requestId));
      if (last !== undefined) this.excused.add(last.requestId);
    }
  }

  /** Ids of the requests whose answer is in a chunk. */
  async #storedRequests(jobId: string): Promise<ReadonlySet<unknown>> {
    const { docs } = await chunksOf(this.#world.deps.db, jobId).get();
    return new Set(docs.map((doc): unknown => doc.get('requestId')));
  }

  /** Excuses requests after the first `before` that were paid for without becoming a chunk: as many as a worker has in flight. */
  async #excuseInFlight(jobId: string, before: number): Promise<void> {
    const stored = await this.#storedRequests(jobId);
    const lost = (await this.#requestsAfter(before)).filter((each) => isPaid(each) && !stored.has(each.requestId));
    for (const { requestId } of lost.slice(0, CONCURRENCY)) this.excused.add(requestId);
  }

  async #requestsAfter(nth: number): Promise<readonly LogEntry[]> {
    return (await this.#requests()).slice(nth);
  }

  /** The log, once all requests are answered: those of a dead worker are processed and paid for like all others. */
  async #requests(): Promise<readonly LogEntry[]> {
    let log = await this.standIn.log();
    await until(async () => (log = await this.standIn.log()).working === 0);
    return log.requests;
  }

  async #misbehave({ fault }: Delivery, nth: number): Promise<void> {
    await this.standIn.behave(...(fault === null ? [] : [{ ...fault, times: 1, match: { nth } }]));
  }

  /** Excuses a request that the stand-in transcribed, and whose answer was lost. */
  async #excuseSpoiled({ fault }: Delivery, before: number): Promise<void> {
    if (fault === null || !('closeMidBody' in fault || 'emptyOk' in fault)) return;
    for (const { requestId } of (await this.#requestsAfter(before)).slice(0, 1)) this.excused.add(requestId);
  }

  /** Moves the clock to when the job's task is due. @returns the task; null if the job has ended. */
  async #taskOf(jobId: string): Promise<{ id: string; payload: TaskOrder['payload'] } | null> {
    const world = this.#world;
    for (let sweeps = 0; sweeps <= SWEEPS; sweeps++) {
      const job = (await world.jobs()).get(jobId);
      if (job === undefined || (isFinished(job.status) && job.notifiedAt !== null)) return null;
      world.passBy(Math.max(job.lease?.expiresAt.toMillis() ?? 0, job.waitingFor?.until?.toMillis() ?? 0));
      const task = world.tasks.waiting().find(({ payload }) => payload.jobId === jobId && payload.epoch === job.epoch);
      if (task !== undefined) return task;
      world.advance(5 * 60_000);
      await world.sweep();
    }
    this.complaints.push(`job ${jobId} has no task, and the sweeper gave it none`);
    return null;
  }

  #conclude(taskId: string, endings: readonly Ending[], plan: Plan | null): void {
    for (const ending of endings) {
      const isWrong = ending.kind === 'crashed' || (ending.kind === 'threw' && !ending.expected);
      if (isWrong) this.complaints.push(`a worker (${plan === null ? 'no plan' : describe(plan)}): ${ending.error}`);
    }
    if (endings.some(({ kind }) => kind === 'returned')) this.#world.tasks.done(taskId);
    else this.#world.tasks.backOff(taskId);
  }
}

function isUnanswered({ fault }: Delivery): boolean {
  return fault !== null && 'hang' in fault;
}
