/** Starts worker processes, and watches them from the parent. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { CACHE } from '../../../dev/paths.ts';
import type { Event, TaskOrder, UploadOrder } from './orders.ts';

/** Keeps compiled code, so that they start faster. */
const WORKER_ENV = { NODE_COMPILE_CACHE: path.join(CACHE, 'crash-workers') };

/** Time limit of a worker, milliseconds. On an idle machine none needs a tenth of it. */
const DEADLINE_MS = 240_000;

export type Ending =
  | { readonly kind: 'killed' }
  | { readonly kind: 'returned' }
  /** The code under test ended its process. */
  | { readonly kind: 'exited' }
  | { readonly kind: 'threw'; readonly error: string; readonly expected: boolean }
  /** The process ended unexpectedly. */
  | { readonly kind: 'crashed'; readonly error: string };

export interface Child {
  readonly ending: Promise<Ending>;
  /** Resolves with the open requests of the worker when it is frozen, or with null if it ended before. */
  readonly frozen: Promise<readonly string[] | null>;
  /** Lets a frozen worker continue. */
  thaw(): void;
  /** What it has reported so far. */
  readonly events: readonly Event[];
  /** Whether its plan was carried out without ending it. */
  readonly isMet: () => boolean;
}

type OnEnqueue = (event: Extract<Event, { event: 'enqueued' }>) => void;

/** @param scripts directory of the bundled scripts, see {@link bundleWorkers}. */
export function startWorker(scripts: string, order: TaskOrder, onEnqueue: OnEnqueue): Child {
  return start(path.join(scripts, 'worker.mjs'), order, onEnqueue);
}

export function startUploader(scripts: string, order: UploadOrder, onEnqueue: OnEnqueue): Child {
  return start(path.join(scripts, 'uploader.mjs'), order, onEnqueue);
}

function start(script: string, order: TaskOrder | UploadOrder, onEnqueue: OnEnqueue): Child {
  const child = spawn(process.execPath, [script, JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...WORKER_ENV },
  });
  const stderr: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => stderr.push(text));

  const events: Event[] = [];
  let onFrozen: (asking: readonly string[] | null) => void = () => undefined;
  const frozen = new Promise<readonly string[] | null>((resolve) => (onFrozen = resolve));
  const lines = createInterface({ input: child.stdio[3] as Readable });
  lines.on('line', (line) => {
    const event = JSON.parse(line) as Event;
    events.push(event);
    if (event.event === 'enqueued') onEnqueue(event);
    if (event.event === 'frozen') onFrozen(event.asking);
  });
  let isOverdue = false;
  const deadline = setTimeout(() => {
    isOverdue = true;
    child.kill('SIGKILL');
  }, DEADLINE_MS);
  const ending = Promise.all([once(child, 'exit'), once(lines, 'close')]).then(([[code, signal]]): Ending => {
    clearTimeout(deadline);
    onFrozen(null);
    if (isOverdue)
      return { kind: 'crashed', error: `it had not ended after ${DEADLINE_MS / 1000} s. ${history(events)}` };
    const last = events.at(-1);
    if (signal === 'SIGKILL' && last?.event === 'dying') return { kind: 'killed' };
    if (last?.event === 'returned' || last?.event === 'exited') return { kind: last.event };
    if (last?.event === 'threw') return { kind: 'threw', error: last.error, expected: last.expected };
    return { kind: 'crashed', error: `exit ${String(code)}, signal ${String(signal)}: ${stderr.join('')}` };
  });
  return {
    ending,
    frozen,
    thaw: () => child.kill('SIGCONT'),
    events,
    isMet: () => events.some(({ event }) => event === 'met'),
  };
}

/** The last events that a worker reported. */
function history(events: readonly Event[]): string {
  const last = events.slice(-6).map((event) => (event.event === 'at' ? event.boundary : event.event));
  return last.length === 0 ? 'It reported nothing.' : `It last reported: ${last.join(', ')}.`;
}
