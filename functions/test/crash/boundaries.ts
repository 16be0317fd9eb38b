/** Where a worker can be killed or disturbed: before and after each step that has an effect outside its process. */

/** The steps of the task, in the order in which a worker reaches them. A step that is a transaction is named after what it stores. */
export const TASK_STEPS = [
  'take lease',
  'claim recordings',
  'load vad',
  'read audio',
  'heartbeat',
  'transcribe',
  'record transcription',
  'finalize recordings',
  'note reading',
  'defer job',
  'continue job',
  'enqueue',
  'finish job',
  'delete audio',
  'notify',
  'wrap up',
] as const;

/** The steps of the upload function. `discard` and `unstage` follow a failure of Storage. */
export const UPLOAD_STEPS = ['create job', 'stage', 'mark staged', 'enqueue', 'discard', 'unstage'] as const;

export type TaskStep = (typeof TASK_STEPS)[number];
export type UploadStep = (typeof UPLOAD_STEPS)[number];
export type Step = TaskStep | UploadStep;

/**
 * `before`: the effect is prepared and has not happened; of a transaction, everything except the commit. `after`: the effect has
 * happened, and the worker does not know it yet.
 */
export type Moment = 'before' | 'after';

export const MOMENTS: readonly Moment[] = ['before', 'after'];

export interface Boundary<S extends Step = Step> {
  readonly step: S;
  readonly moment: Moment;
}

/** What happens to a worker, and when: the nth time (from 1) that it reaches a boundary, or after some time, milliseconds. */
export type Plan =
  | { readonly kind: 'kill'; readonly at: Boundary & { readonly nth: number } }
  | { readonly kind: 'kill'; readonly afterMs: number }
  /** The process is stopped, as a virtual machine may be, and continues much later as if nothing had happened. */
  | { readonly kind: 'freeze'; readonly at: Boundary & { readonly nth: number } }
  /** The worker waits there without end, while its timers run: the attempt is aborted, or the process ends. */
  | { readonly kind: 'hang'; readonly at: Boundary & { readonly nth: number } }
  /** From there on Firestore fails until the worker ends. `before`: the transaction fails; `after`: its answer is lost. */
  | { readonly kind: 'outage'; readonly at: Boundary & { readonly nth: number } };

export function describe(plan: Plan): string {
  if ('afterMs' in plan) return `${plan.kind} after ${plan.afterMs} ms`;
  const { moment, step, nth } = plan.at;
  return `${plan.kind} ${moment} "${step}"${nth === 1 ? '' : ` number ${nth}`}`;
}
