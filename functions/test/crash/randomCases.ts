/** Random cases: any jobs, any boundary or moment, any fault. */
import { TASK_STEPS, UPLOAD_STEPS } from './boundaries.ts';
import type { Boundary, Plan, TaskStep } from './boundaries.ts';
import { boundariesOf, FREEZABLE, LIMITED, ON_THE_WAY_TO, PLAIN, SHORT } from './case.ts';
import type { Delivery, Fault, TaskCase, TaskPlan, UploadCase } from './case.ts';
import { WORK_MS } from './deps.ts';
import type { Random } from './random.ts';

/** Longer scenarios: six minutes with three conversations, and silence. */
const OTHERS = ['garden', 'night'];

/** Where a worker can hang: outside of transactions, whose locks the emulator would keep. */
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

export function randomCase(random: Random): TaskCase | UploadCase {
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
  // In half of the cases one job repeats a scenario of another.
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
    // After a freeze, a second worker gets the task in any case.
    twice: plan.kind === 'kill' && random.chance(0.25),
    failRead: random.chance(0.05),
    workMs: random.chance(0.15) ? 0 : WORK_MS,
    ...('at' in plan ? ON_THE_WAY_TO[plan.at.step] : {}),
  };
}

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
