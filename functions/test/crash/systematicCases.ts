/** The cases with which every seed begins: each boundary once, and some that are rare otherwise. */
import { TASK_STEPS, UPLOAD_STEPS } from './boundaries.ts';
import type { TaskStep } from './boundaries.ts';
import { boundariesOf, FREEZABLE, ON_THE_WAY_TO, PLAIN, SHORT } from './case.ts';
import type { Delivery, TaskCase, TaskPlan, UploadCase } from './case.ts';
import type { Random } from './random.ts';

/** The scenario without speech, where a worker reaches a step only without speech. */
const SCENARIO_FOR: Partial<Record<TaskStep, string>> = { 'finalize recordings': 'night' };

/** What must be done to one worker so that the next one reaches a step. */
const BEFORE: Partial<Record<TaskStep, TaskPlan>> = {
  'note reading': { kind: 'kill', at: { step: 'claim recordings', moment: 'after', nth: 1 } },
};

/** Jobs of a case that hits each boundary once. */
const JOBS_A_CASE = 3;

export function systematicCases(random: Random): (TaskCase | UploadCase)[] {
  return [
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

/** Gives each plan a job of its own, so that no plan affects another. */
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

/** A worker freezes just before it defers its job, which has a recording that another job is processing. */
const OVERTAKEN_WHILE_IT_WAITS: TaskCase = {
  kind: 'task',
  jobs: [['kitchen'], ['kitchen', 'walk']],
  deliveries: [
    { ...PLAIN, job: 0, plan: { kind: 'kill', at: { step: 'claim recordings', moment: 'after', nth: 1 } } },
    { ...PLAIN, job: 1, plan: { kind: 'freeze', at: { step: 'record transcription', moment: 'after', nth: 1 } } },
  ],
};

/** A recording that kills each worker that reads it. */
const POISON: TaskCase = {
  kind: 'task',
  jobs: [['kitchen', 'walk']],
  deliveries: Array.from({ length: 4 }, () => ({
    ...PLAIN,
    job: 0,
    plan: { kind: 'kill', at: { step: 'read audio', moment: 'after', nth: 2 } },
  })),
};

/** Two workers die, the second after it has read both of two recordings that share a word: the later one fails alone, and is retried. */
const BLAMED: TaskCase = {
  kind: 'task',
  jobs: [['train']],
  deliveries: [
    { ...PLAIN, job: 0, plan: { kind: 'kill', at: { step: 'load vad', moment: 'before', nth: 1 } } },
    { ...PLAIN, job: 0, plan: { kind: 'kill', at: { step: 'record transcription', moment: 'before', nth: 1 } } },
  ],
};

/** A part of a job is refused permanently. The rest completes, and the user retries the refused part. */
const REFUSED: TaskCase = {
  kind: 'task',
  jobs: [['garden', 'letter']],
  deliveries: [{ ...PLAIN, job: 0, plan: null, fault: { status: 400 } }],
};

/** Jobs are cancelled half-way. What is stored stays, and is not transcribed again when the recordings are sent again. */
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

/** Firestore fails for minutes, just after it has stored a result, and for each of the next workers. */
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
