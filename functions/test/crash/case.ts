/** A case of the suite: jobs or an upload, and what is done to their workers. */
import { describe, MOMENTS } from './boundaries.ts';
import type { Boundary, Plan, TaskStep, UploadStep } from './boundaries.ts';
import { LEASE_MS, WORK_MS } from './deps.ts';

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
  /** How the first request is answered; null for normally. */
  readonly fault: Fault | null;
  /** Another worker gets the same task at the same time. */
  readonly twice: boolean;
  readonly failRead: boolean;
  readonly workMs: number;
  readonly leaseMs: number;
}

export interface TaskCase {
  readonly kind: 'task';
  /** The scenarios of each job. If two jobs have one scenario, its recordings are sent twice. */
  readonly jobs: readonly (readonly string[])[];
  readonly deliveries: readonly Delivery[];
  /** Jobs that the user cancels after the deliveries, and sends again. */
  readonly cancelled?: readonly number[];
  /** Whether the recordings that are sent again are cut into other files. */
  readonly recut?: boolean;
}

export interface UploadCase {
  readonly kind: 'upload';
  readonly scenarios: readonly string[];
  readonly withKey: boolean;
  readonly plan: Plan;
  readonly failStaging: boolean;
  /** What the client does after the request broke off. */
  readonly then: 'retry' | 'give up';
}

export type Case = { readonly index: number; readonly seed: number } & (TaskCase | UploadCase);

export type TaskPlan = Extract<Plan, { at: unknown }> & { readonly at: Boundary<TaskStep> };

/** Short scenarios, in both kinds of Opus and of PCM; two of them have two recordings. */
export const SHORT = ['kitchen', 'workshop', 'train', 'walk', 'market', 'harbour', 'letter', 'errand'];
/** The service asks for a wait: the job is deferred, and its worker ends. */
export const LIMITED: Fault = { status: 429, retryAfter: 60 };

export const PLAIN: Omit<Delivery, 'job' | 'plan'> = {
  fault: null,
  twice: false,
  failRead: false,
  workMs: WORK_MS,
  leaseMs: LEASE_MS,
};

/** What makes a worker reach a step that it would not reach otherwise. */
export const ON_THE_WAY_TO: Partial<Record<TaskStep, Partial<Delivery>>> = {
  heartbeat: { leaseMs: 600, fault: { delayMs: 700 } },
  'defer job': { fault: LIMITED },
  'continue job': { workMs: 0 },
  enqueue: { workMs: 0 },
};

/**
 * Where a worker can freeze: not inside a transaction, because all others would wait for its locks in the emulator; and not directly
 * before a request, because that counts as in flight.
 */
export const FREEZABLE: readonly Boundary<TaskStep>[] = [
  { step: 'claim recordings', moment: 'after' },
  { step: 'read audio', moment: 'after' },
  { step: 'transcribe', moment: 'after' },
  { step: 'record transcription', moment: 'after' },
];

export function boundariesOf<S extends TaskStep | UploadStep>(steps: readonly S[]): Boundary<S>[] {
  return steps.flatMap((step) => MOMENTS.map((moment) => ({ step, moment })));
}

/** What happens in a case, in one line. */
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
