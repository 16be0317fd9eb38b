/**
 * Simulates a day of 10,000 users, to see whom one user's backlog delays. Time is virtual, and there are no emulators. The
 * limits are the deployed ones: concurrent tasks and new tasks a second, requests of a task and of the project, and running
 * jobs of one user. The speed of reading audio is what the bench measured; the duration of a request is an assumption.
 */
import { params } from '../src/config.ts';
import { options as TASK } from '../src/endpoints/processSyncJob.ts';
import { EventQueue } from './eventQueue.ts';

export interface FairnessRow {
  readonly what: string;
  /** The time from upload to the end of the job, for all other users, seconds. */
  readonly medianSeconds: number;
  readonly p99Seconds: number;
  readonly longestSeconds: number;
  /** The longest delay of a job compared with a day without a backlog, seconds. */
  readonly delayedSeconds: number;
  /** The time until the backlog is done, seconds; null if there is none. */
  readonly backlogSeconds: number | null;
  /** The most requests of the project that were in flight at once. */
  readonly mostRequests: number;
}

export interface Fairness {
  readonly users: number;
  readonly backlogJobs: number;
  readonly timesRealTime: number;
  readonly requestSeconds: number;
  readonly rows: readonly FairnessRow[];
}

export interface SimulatedJob {
  readonly id: number;
  readonly user: number;
  readonly atS: number;
  readonly audioS: number;
  readonly requests: number;
}

export interface Machine {
  /** Seconds of audio that a task reads and searches in a second. */
  readonly timesRealTime: number;
  readonly requestS: number;
  readonly tasksAtOnce: number;
  readonly tasksPerSecond: number;
  readonly requestsOfTask: number;
  readonly requestsOfProject: number;
  /** Jobs of one user at once; 0 for any number. */
  readonly maxRunningJobs: number;
}

const USERS = 10_000;
const JOBS_PER_USER = 4;
const HOURS_PER_USER = 12;
const SPEECH_SHARE = 0.25;
const BACKLOG = 15_000;
/** About how long Deepgram takes for ten minutes of speech, seconds. Deepgram publishes no figure. */
const REQUEST_S = 6;
const DAY_S = 24 * 3600;
/** Half of all jobs come in these hours, in the evening. */
const PEAK_S = [18 * 3600, 22 * 3600] as const;
/** The backlog comes in the middle of the peak. */
const BACKLOG_AT_S = 20 * 3600;
/** The time for the lease, the claims and the end of a job, seconds. */
const OVERHEAD_S = 3;

/** Random numbers that are the same in every run: a linear congruential generator (Numerical Recipes). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (1_664_525 * state + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}

function dayOfJobs(hasBacklog: boolean): SimulatedJob[] {
  const random = randomNumbers(14);
  const audioS = (HOURS_PER_USER * 3600) / JOBS_PER_USER;
  const chunkS = params.maxChunkMinutes.options.default * 60;
  const jobs: Omit<SimulatedJob, 'id'>[] = [];
  for (let i = 0; i < USERS * JOBS_PER_USER; i++) {
    const [from, to] = random() < 0.5 ? PEAK_S : [0, DAY_S];
    const requests = Math.ceil((audioS * SPEECH_SHARE) / chunkS);
    jobs.push({ user: i % USERS, atS: from + (to - from) * random(), audioS, requests });
  }
  for (let i = 0; hasBacklog && i < BACKLOG; i++) {
    jobs.push({ user: USERS, atS: BACKLOG_AT_S + i / 100, audioS: 60, requests: random() < SPEECH_SHARE ? 1 : 0 });
  }
  return jobs.map((job, id) => ({ ...job, id }));
}

export class Simulation {
  /** When each job was done, seconds, by id. */
  readonly doneS = new Map<number, number>();
  mostRequests = 0;
  readonly #machine: Machine;
  readonly #events = new EventQueue();
  /** Jobs that have a task, in the order in which they were enqueued. */
  readonly #tasks: SimulatedJob[] = [];
  #dispatched = 0;
  #running = 0;
  #nextDispatchS = 0;
  /** Jobs of each user that have a task or are processed, and those that wait for their turn. */
  readonly #active = new Map<number, number>();
  readonly #waiting = new Map<number, SimulatedJob[]>();
  #inFlight = 0;
  readonly #waitingRequests: (() => void)[] = [];

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  run(jobs: readonly SimulatedJob[]): this {
    for (const job of jobs)
      this.#at(job.atS, () => {
        this.#arrive(job);
      });
    this.#events.run();
    return this;
  }

  #arrive(job: SimulatedJob): void {
    const { maxRunningJobs } = this.#machine;
    const active = this.#active.get(job.user) ?? 0;
    if (maxRunningJobs > 0 && active >= maxRunningJobs) {
      const line = this.#waiting.get(job.user);
      if (line === undefined) this.#waiting.set(job.user, [job]);
      else line.push(job);
      return;
    }
    this.#active.set(job.user, active + 1);
    this.#tasks.push(job);
    this.#dispatch();
  }

  #dispatch(): void {
    const { tasksAtOnce, tasksPerSecond } = this.#machine;
    for (let job = this.#tasks[this.#dispatched]; job !== undefined; job = this.#tasks[this.#dispatched]) {
      if (this.#running >= tasksAtOnce) return;
      const next = job;
      this.#dispatched++;
      this.#running++;
      this.#nextDispatchS = Math.max(this.#nextDispatchS, this.#events.nowS) + 1 / tasksPerSecond;
      this.#at(this.#nextDispatchS, () => {
        this.#work(next);
      });
    }
  }

  /** Chunks are planned evenly while the audio is read; a few of a task are asked for at once. */
  #work(job: SimulatedJob): void {
    const { timesRealTime, requestsOfTask } = this.#machine;
    const beganS = this.#events.nowS;
    const readS = job.audioS / timesRealTime;
    const count = { planned: 0, asked: 0, answered: 0 };
    let isRead = false;
    const proceed = (): void => {
      while (count.asked < count.planned && count.asked - count.answered < requestsOfTask) {
        count.asked++;
        this.#request(() => {
          count.answered++;
          proceed();
        });
      }
      if (!isRead || count.answered < job.requests) return;
      isRead = false; // so that it ends only once
      this.#at(this.#events.nowS + OVERHEAD_S, () => {
        this.#end(job);
      });
    };
    for (let i = 1; i <= job.requests; i++) {
      this.#at(beganS + (readS * i) / job.requests, () => {
        count.planned++;
        proceed();
      });
    }
    this.#at(beganS + readS, () => {
      isRead = true;
      proceed();
    });
  }

  /** Sends a request when the project may have one more in flight. */
  #request(answered: () => void): void {
    const { requestS, requestsOfProject } = this.#machine;
    const send = (): void => {
      this.mostRequests = Math.max(this.mostRequests, ++this.#inFlight);
      this.#at(this.#events.nowS + requestS, () => {
        this.#inFlight--;
        this.#waitingRequests.shift()?.();
        answered();
      });
    };
    if (this.#inFlight < requestsOfProject) send();
    else this.#waitingRequests.push(send);
  }

  #end(job: SimulatedJob): void {
    this.doneS.set(job.id, this.#events.nowS);
    this.#running--;
    this.#active.set(job.user, (this.#active.get(job.user) ?? 1) - 1);
    const next = this.#waiting.get(job.user)?.shift();
    if (next !== undefined) this.#arrive(next);
    this.#dispatch();
  }

  #at(atS: number, happen: () => void): void {
    this.#events.at(atS, happen);
  }
}

/** @param timesRealTime the speed of reading that the bench measured on two processors */
export function fairness(timesRealTime: number): Fairness {
  const { maxConcurrentDispatches, maxDispatchesPerSecond } = TASK.rateLimits;
  const machine: Machine = {
    timesRealTime,
    requestS: REQUEST_S,
    tasksAtOnce: maxConcurrentDispatches,
    tasksPerSecond: maxDispatchesPerSecond,
    requestsOfTask: params.deepgramConcurrency.options.default,
    requestsOfProject: params.projectRequests.options.default,
    maxRunningJobs: params.maxRunningJobs.options.default,
  };
  const alone = new Simulation(machine).run(dayOfJobs(false));
  const jobs = dayOfJobs(true);
  const unbounded = new Simulation({ ...machine, maxRunningJobs: 0 }).run(jobs);
  const bounded = new Simulation(machine).run(jobs);
  return {
    users: USERS,
    backlogJobs: BACKLOG,
    timesRealTime,
    requestSeconds: REQUEST_S,
    rows: [
      rowOf('nobody has a backlog', alone, alone, jobs),
      rowOf('a backlog, any number of its jobs at once', unbounded, alone, jobs),
      rowOf(`a backlog, ${machine.maxRunningJobs} of its jobs at once`, bounded, alone, jobs),
    ],
  };
}

function rowOf(what: string, run: Simulation, alone: Simulation, jobs: readonly SimulatedJob[]): FairnessRow {
  const doneS = ({ id }: SimulatedJob, of = run): number => of.doneS.get(id) ?? NaN;
  const others = jobs.filter(({ user }) => user < USERS);
  const took = others.map((job) => doneS(job) - job.atS).sort((a, b) => a - b);
  const share = (part: number): number => Math.round(took[Math.floor(part * (took.length - 1))] ?? NaN);
  const backlog = jobs.filter((job) => job.user === USERS && run.doneS.has(job.id));
  return {
    what,
    medianSeconds: share(0.5),
    p99Seconds: share(0.99),
    longestSeconds: share(1),
    delayedSeconds: Math.round(others.reduce((most, job) => Math.max(most, doneS(job) - doneS(job, alone)), 0)),
    backlogSeconds:
      backlog.length === 0
        ? null
        : Math.round(backlog.reduce((last, job) => Math.max(last, doneS(job)), 0) - BACKLOG_AT_S),
    mostRequests: run.mostRequests,
  };
}
