/** What the suite puts workers through: first every boundary once, then whatever the seed says. */
import { describe, MOMENTS, TASK_STEPS, UPLOAD_STEPS } from './boundaries.ts';
import type { Boundary, Plan, TaskStep, UploadStep } from './boundaries.ts';
import { LEASE_MS, WORK_MS } from './deps.ts';
import { Random } from './random.ts';

/** How the stand-in answers one request of a delivery. */
export type Fault =
  | { readonly status: 400 | 429 | 500 | 503; readonly retryAfter?: number }
  | { readonly hang: true }
  | { readonly closeMidBody: true }
  | { readonly emptyOk: true }
  | { readonly delayMs: number };

/** One delivery of a job's task to a worker process. */
export interface Delivery {
  /** Index into the jobs of the case. */
  readonly job: number;
  readonly plan: Plan | null;
  /** Befalls the first request. */
  readonly fault: Fault | null;
  /** Another worker gets the same task at the same time. */
  readonly twice: boolean;
  readonly failRead: boolean;
  readonly workMs: number;
  readonly leaseMs: number;
}

export interface TaskCase {
  readonly kind: 'task';
  /** Scenarios of each job. The same in two jobs: the same recordings sent twice. */
  readonly jobs: readonly (readonly string[])[];
  readonly deliveries: readonly Delivery[];
  /** Jobs that their user cancels then, and sends again. */
  readonly cancelled?: readonly number[];
  /** Whether what is sent again is cut into other files. */
  readonly recut?: boolean;
}

export interface UploadCase {
  readonly kind: 'upload';
  readonly scenarios: readonly string[];
  readonly withKey: boolean;
  readonly plan: Plan;
  readonly failStaging: boolean;
  /** What the client does when the request broke off. */
  readonly then: 'retry' | 'give up';
}

export type Case = { readonly index: number; readonly seed: number } & (TaskCase | UploadCase);

/** Short ones, in both kinds of Opus and of PCM; two are split into two recordings. */
const SHORT = ['kitchen', 'workshop', 'train', 'walk', 'market', 'harbour', 'letter', 'errand'];
/** Six minutes with three conversations, and silence without any. */
const OTHERS = ['garden', 'night'];

/** A wait that the service asks for: the job defers instead of holding its worker. */
const LIMITED: Fault = { status: 429, retryAfter: 60 };

const PLAIN: Omit<Delivery, 'job' | 'plan'> = {
  fault: null,
  twice: false,
  failRead: false,
  workMs: WORK_MS,
  leaseMs: LEASE_MS,
};

/** What brings a worker to a step that it does not come to by itself. */
const ON_THE_WAY_TO: Partial<Record<TaskStep, Partial<Delivery>>> = {
  heartbeat: { leaseMs: 600, fault: { delayMs: 700 } },
  'defer job': { fault: LIMITED },
  'continue job': { workMs: 0 },
  enqueue: { workMs: 0 },
};

/** Recordings without speech, which bring a worker to a step that speech does not. */
const SCENARIO_FOR: Partial<Record<TaskStep, string>> = { 'finalize recordings': 'night' };

/** What has to befall a worker before the next one comes to a step. */
const BEFORE: Partial<Record<TaskStep, TaskPlan>> = {
  'note reading': { kind: 'kill', at: { step: 'claim recordings', moment: 'after', nth: 1 } },
};

/** Jobs of a case that hits each boundary once. */
const JOBS_A_CASE = 3;

/** The cases of a seed, without end. */
export function* casesOf(seed: number): Generator<Case, never> {
  const random = new Random(seed);
  const systematic = [
    ...everyTaskBoundary(random),
    ...everyFreeze(random),
    ...everyUploadBoundary(random),
    OVERTAKEN_WHILE_IT_WAITS,
    POISON,
    BLAMED,
    REFUSED,
    CANCELLED,
    RECUT,
    OUTAGE,
    ...HANGS,
  ];
  for (let index = 0; ; index++) {
    const own = Math.floor(random.next() * 2 ** 32);
    yield { index, seed, ...(systematic[index] ?? randomCase(new Random(own))) };
  }
}

function boundariesOf<S extends TaskStep | UploadStep>(steps: readonly S[]): Boundary<S>[] {
  return steps.flatMap((step) => MOMENTS.map((moment) => ({ step, moment })));
}

function everyTaskBoundary(random: Random): TaskCase[] {
  return oneForEachJob(
    random.shuffle(boundariesOf(TASK_STEPS)).map((at) => ({ kind: 'kill', at: { ...at, nth: 1 } })),
    random,
  );
}

function everyFreeze(random: Random): TaskCase[] {
  return oneForEachJob(
    FREEZABLE.map((at) => ({ kind: 'freeze', at: { ...at, nth: 1 } })),
    random,
  );
}

/** Each plan meets a job of its own, so none takes another's way. */
function oneForEachJob(plans: readonly TaskPlan[], random: Random): TaskCase[] {
  return Array.from({ length: Math.ceil(plans.length / JOBS_A_CASE) }, (_, i): TaskCase => {
    const group = plans.slice(i * JOBS_A_CASE, (i + 1) * JOBS_A_CASE);
    const scenarios = random.shuffle(SHORT);
    return {
      kind: 'task',
      jobs: group.map(({ at }, job) => [SCENARIO_FOR[at.step] ?? scenarios[job] ?? '']),
      deliveries: group.flatMap((plan, job) => {
        const before = BEFORE[plan.at.step];
        const delivery = { ...PLAIN, ...ON_THE_WAY_TO[plan.at.step], job, plan };
        return [...(before === undefined ? [] : [{ ...PLAIN, job, plan: before }]), delivery];
      }),
    };
  });
}

/** A worker stands still just before it puts its job off, which has a recording of another job that is under way. */
const OVERTAKEN_WHILE_IT_WAITS: TaskCase = {
  kind: 'task',
  jobs: [['kitchen'], ['kitchen', 'walk']],
  deliveries: [
    { ...PLAIN, job: 0, plan: { kind: 'kill', at: { step: 'claim recordings', moment: 'after', nth: 1 } } },
    { ...PLAIN, job: 1, plan: { kind: 'freeze', at: { step: 'record transcription', moment: 'after', nth: 1 } } },
  ],
};

/** A recording that kills whatever worker reads it, between two that do not. */
const POISON: TaskCase = {
  kind: 'task',
  jobs: [['kitchen', 'walk']],
  deliveries: Array.from({ length: 4 }, () => ({
    ...PLAIN,
    job: 0,
    plan: { kind: 'kill', at: { step: 'read audio', moment: 'after', nth: 2 } },
  })),
};

/** Two workers die, the second while it has read both of two recordings that share a word: the later one fails by itself, and is tried again. */
const BLAMED: TaskCase = {
  kind: 'task',
  jobs: [['train']],
  deliveries: [
    { ...PLAIN, job: 0, plan: { kind: 'kill', at: { step: 'load vad', moment: 'before', nth: 1 } } },
    { ...PLAIN, job: 0, plan: { kind: 'kill', at: { step: 'record transcription', moment: 'before', nth: 1 } } },
  ],
};

/** A part of a job is refused permanently; the rest goes on, and what was refused is tried again by hand. */
const REFUSED: TaskCase = {
  kind: 'task',
  jobs: [['garden', 'letter']],
  deliveries: [{ ...PLAIN, job: 0, plan: null, fault: { status: 400 } }],
};

/** Cancelled half-way: what is stored stays, and is not asked for again when it is sent again. */
const CANCELLED: TaskCase = {
  kind: 'task',
  jobs: [['garden', 'walk'], ['letter']],
  deliveries: [
    { ...PLAIN, job: 0, plan: { kind: 'kill', at: { step: 'record transcription', moment: 'after', nth: 1 } } },
    { ...PLAIN, job: 1, plan: { kind: 'kill', at: { step: 'transcribe', moment: 'after', nth: 1 } } },
  ],
  cancelled: [0, 1],
};

const RECUT: TaskCase = { ...CANCELLED, recut: true };

/** Firestore is away for minutes, just when it has written a result, and for each worker that comes next. */
const OUTAGE: TaskCase = {
  kind: 'task',
  jobs: [['garden'], ['letter']],
  deliveries: [
    { ...PLAIN, job: 0, plan: { kind: 'outage', at: { step: 'record transcription', moment: 'after', nth: 1 } } },
    ...Array.from({ length: 9 }, (_, i): Delivery => ({
      ...PLAIN,
      job: i % 2,
      plan: { kind: 'outage', at: { step: 'take lease', moment: i % 3 === 0 ? 'after' : 'before', nth: 1 } },
    })),
  ],
};

/** Where a worker may wait for ever: outside of transactions, whose locks the emulator would keep. */
const HANGABLE: readonly Boundary<TaskStep>[] = [
  { step: 'claim recordings', moment: 'after' },
  { step: 'load vad', moment: 'before' },
  { step: 'read audio', moment: 'before' },
  { step: 'read audio', moment: 'after' },
  { step: 'transcribe', moment: 'before' },
  { step: 'transcribe', moment: 'after' },
  { step: 'record transcription', moment: 'after' },
  { step: 'finalize recordings', moment: 'after' },
  { step: 'delete audio', moment: 'before' },
  { step: 'notify', moment: 'before' },
];

const HANGS: readonly TaskCase[] = (['read audio', 'transcribe'] as const).map((step) => ({
  kind: 'task',
  jobs: [['walk']],
  deliveries: [{ ...PLAIN, job: 0, plan: { kind: 'hang', at: { step, moment: 'after', nth: 1 } } }],
}));

function everyUploadBoundary(random: Random): UploadCase[] {
  return random.shuffle(boundariesOf(UPLOAD_STEPS)).map((at, i) => ({
    kind: 'upload',
    scenarios: ['walk'],
    withKey: i % 3 !== 2,
    plan: { kind: 'kill', at: { ...at, nth: 1 } },
    failStaging: at.step === 'discard' || at.step === 'unstage',
    then: i % 2 === 0 ? 'retry' : 'give up',
  }));
}

function randomCase(random: Random): TaskCase | UploadCase {
  return random.chance(0.15) ? randomUpload(random) : randomTask(random);
}

function randomUpload(random: Random): UploadCase {
  const at = random.pick(boundariesOf(UPLOAD_STEPS));
  return {
    kind: 'upload',
    scenarios: random.shuffle(SHORT).slice(0, 1 + random.below(2)),
    withKey: random.chance(0.6),
    plan: random.chance(0.5)
      ? { kind: 'kill', afterMs: random.below(400) }
      : { kind: 'kill', at: { ...at, nth: 1 + random.below(2) } },
    failStaging: random.chance(0.3),
    then: random.chance(0.5) ? 'retry' : 'give up',
  };
}

function randomTask(random: Random): TaskCase {
  const jobs = Array.from({ length: 1 + random.below(3) }, () => {
    const scenarios = random.shuffle(SHORT).slice(0, 1 + random.below(2));
    return random.chance(0.15) ? [...scenarios, random.pick(OTHERS)] : scenarios;
  });
  // Half of the time one job repeats what another has.
  const repeated = random.chance(0.5) ? jobs[0]?.[0] : undefined;
  if (repeated !== undefined) jobs.push([repeated, ...(random.chance(0.5) ? [random.pick(SHORT)] : [])]);
  return {
    kind: 'task',
    jobs: jobs.map((scenarios) => [...new Set(scenarios)]),
    ...(random.chance(0.2) ? { cancelled: [random.below(jobs.length)], recut: random.chance(0.5) } : {}),
    deliveries: Array.from({ length: 2 + random.below(4) }, () => randomDelivery(random, jobs.length)),
  };
}

function randomDelivery(random: Random, jobs: number): Delivery {
  const plan = randomPlan(random);
  return {
    ...PLAIN,
    job: random.below(jobs),
    plan,
    fault: random.chance(0.4) ? randomFault(random) : null,
    // A frozen worker is met by another one in any case.
    twice: plan.kind === 'kill' && random.chance(0.25),
    failRead: random.chance(0.05),
    workMs: random.chance(0.15) ? 0 : WORK_MS,
    ...('at' in plan ? ON_THE_WAY_TO[plan.at.step] : {}),
  };
}

/**
 * Not inside a transaction: the emulator would keep everybody waiting for its locks. Not directly before a request either: it
 * is as good as in flight then.
 */
const FREEZABLE: readonly Boundary<TaskStep>[] = [
  { step: 'claim recordings', moment: 'after' },
  { step: 'read audio', moment: 'after' },
  { step: 'transcribe', moment: 'after' },
  { step: 'record transcription', moment: 'after' },
];

type TaskPlan = Extract<Plan, { at: unknown }> & { readonly at: Boundary<TaskStep> };

function randomPlan(random: Random): TaskPlan | Extract<Plan, { afterMs: unknown }> {
  const kind = random.next();
  if (kind < 0.12) return { kind: 'freeze', at: { ...random.pick(FREEZABLE), nth: 1 } };
  if (kind < 0.14) return { kind: 'hang', at: { ...random.pick(HANGABLE), nth: 1 } };
  if (kind < 0.24) return { kind: 'outage', at: { ...random.pick(boundariesOf(TASK_STEPS)), nth: 1 } };
  if (kind < 0.55) return { kind: 'kill', afterMs: random.below(1200) };
  return { kind: 'kill', at: { ...random.pick(boundariesOf(TASK_STEPS)), nth: random.chance(0.8) ? 1 : 2 } };
}

function randomFault(random: Random): Fault {
  return random.pick<Fault>([
    LIMITED,
    { status: 400 },
    { status: 500 },
    { status: 503, retryAfter: 40 },
    { hang: true },
    { closeMidBody: true },
    { emptyOk: true },
    { delayMs: 300 },
  ]);
}

/** One line: what happens in a case. */
export function summary(each: Case): string {
  if (each.kind === 'upload') {
    const { scenarios, withKey, plan, failStaging, then } = each;
    const options = [withKey ? 'with key' : 'without key', ...(failStaging ? ['Storage fails'] : []), `then ${then}`];
    return `upload of ${scenarios.join('+')} (${options.join(', ')}): ${describe(plan)}`;
  }
  const deliveries = each.deliveries.map(({ job, plan, fault, twice, failRead, workMs }) => {
    const extras = [
      ...(fault === null ? [] : [JSON.stringify(fault)]),
      ...(twice ? ['twice'] : []),
      ...(failRead ? ['Storage fails'] : []),
      ...(workMs === 0 ? ['no time'] : []),
    ];
    return `job ${job}: ${[plan === null ? 'nothing' : describe(plan), ...extras].join(' and ')}`;
  });
  const cancelled = each.cancelled?.map(
    (job) => `; job ${job} cancelled and sent again${each.recut ? ', cut otherwise' : ''}`,
  );
  return `jobs ${each.jobs.map((scenarios) => scenarios.join('+')).join(', ')}; ${deliveries.join('; ')}${cancelled?.join('') ?? ''}`;
}
