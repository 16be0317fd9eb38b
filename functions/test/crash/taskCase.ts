/** Runs a case of workers that die, freeze, or meet each other. */
import { StandInControl } from '../../../dev/deepgram/control.ts';
import { isFinished } from '../../src/jobs/stateMachine.ts';
import { RetryTaskError, processSyncJob } from '../../src/processing/processJob.ts';
import { describe } from './boundaries.ts';
import type { Plan } from './boundaries.ts';
import type { Delivery, TaskCase } from './cases.ts';
import { startWorker } from './children.ts';
import type { Ending } from './children.ts';
import { CONCURRENCY, LEASE_MS } from './deps.ts';
import type { TaskOrder } from './orders.ts';
import type { Evidence } from './verdict.ts';
import { World } from './world.ts';

/** Enough for any answer that the stand-in means to give, and short enough for those that it does not, milliseconds. */
const REQUEST_TIMEOUT_MS = 4000;

/** Runs of the sweeper after which a job that has no task would have got one. */
const SWEEPS = 4;

export interface CaseRun {
  readonly evidence: Evidence;
  /** What befell workers as planned. */
  readonly met: readonly Plan[];
  readonly complaints: readonly string[];
}

export async function runTaskCase(each: TaskCase, world: World, standInUrl: string): Promise<CaseRun> {
  const run = new TaskRun(world, standInUrl);
  const jobIds: string[] = [];
  for (const scenarios of each.jobs) jobIds.push(await world.accept(scenarios));
  for (const delivery of each.deliveries) await run.deliver(jobIds[delivery.job] ?? '', delivery);
  await world.drain();
  // A task may be delivered again even after it succeeded.
  for (const payload of world.tasks.everything()) await processSyncJob(payload, world.deps);

  for (const [id, { status }] of await world.jobs()) {
    if (status !== 'completed') run.complaints.push(`job ${id} is ${status}`);
  }
  const { requests } = await run.standIn.log();
  const evidence = { scenarios: each.jobs.flat(), log: requests, excused: run.excused };
  return { evidence, met: run.met, complaints: run.complaints };
}

class TaskRun {
  readonly standIn: StandInControl;
  readonly met: Plan[] = [];
  readonly complaints: string[] = [];
  /** Requests that the stand-in spoiled, or that a worker had in flight when it was hit. */
  excused = 0;
  readonly #world: World;
  readonly #standInUrl: string;

  constructor(world: World, standInUrl: string) {
    this.#world = world;
    this.#standInUrl = standInUrl;
    this.standIn = new StandInControl(standInUrl);
  }

  async deliver(jobId: string, delivery: Delivery): Promise<void> {
    const task = await this.#taskOf(jobId);
    if (task === null) return; // It has ended: the plan of this delivery finds nobody.
    const before = (await this.standIn.log()).requests.length;
    await this.#misbehave(delivery, before + 1);

    const { plan } = delivery;
    const order: TaskOrder = {
      projectId: this.#world.projectId,
      aheadMs: this.#world.aheadMs,
      standInUrl: this.#standInUrl,
      payload: task.payload,
      plan,
      leaseMs: delivery.leaseMs,
      workMs: delivery.workMs,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      failRead: delivery.failRead,
    };
    const endings =
      plan?.kind === 'freeze'
        ? [await this.#overtake(order)]
        : await Promise.all(
            [order, ...(delivery.twice ? [{ ...order, plan: null }] : [])].map((each) => this.#start(each).ending),
          );
    if (plan !== null && (plan.kind === 'freeze' ? this.#wasFrozen : endings[0]?.kind === 'killed')) {
      this.met.push(plan);
      const requests = (await this.standIn.log()).requests.length - before;
      this.excused += Math.min(CONCURRENCY, requests);
    }
    this.#conclude(task.id, endings, plan);
  }

  #wasFrozen = false;

  #start(order: TaskOrder) {
    return startWorker(order, ({ payload, redrive }) => void this.#world.tasks.enqueue(payload, { redrive }));
  }

  /** A worker stands still until its lease is over and another one has done its work; then it goes on. */
  async #overtake(order: TaskOrder): Promise<Ending> {
    const child = this.#start(order);
    this.#wasFrozen = await child.frozen;
    if (this.#wasFrozen) {
      this.#world.passBy(this.#world.nowMs() + LEASE_MS);
      await processSyncJob(order.payload, this.#world.deps).catch((error: unknown) => {
        if (!(error instanceof RetryTaskError)) throw error;
      });
      child.thaw();
    }
    return child.ending;
  }

  async #misbehave({ fault }: Delivery, nth: number): Promise<void> {
    await this.standIn.behave(...(fault === null ? [] : [{ ...fault, times: 1, match: { nth } }]));
    if (fault !== null && ('closeMidBody' in fault || 'emptyOk' in fault)) this.excused += 1;
  }

  /** The job's task when its time has come; null when the job has ended. */
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
