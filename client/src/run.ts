/** The work of a client: it continues until it is paused, and begins again after a failure. */
import { backOffMs } from './backoff.ts';
import { SyncError } from './errors.ts';
import type { SyncStatus } from './options.ts';
import { Deadline, linkedController, TimeLimitError, Waker, within } from './time.ts';
import type { Clock } from './time.ts';

/** The longest wait for work that is ending, milliseconds. */
const STOP_LIMIT_MS = 10_000;

export interface RunOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Ends with the client. */
  readonly life: AbortSignal;
  /** Resolves when the signal aborts. If it fails, for example because the store fails, it is called again after a wait. */
  readonly work: (signal: AbortSignal) => Promise<void>;
  readonly onError: (error: unknown) => void;
  readonly onStatus: (status: SyncStatus) => void;
}

export interface Run {
  readonly resume: () => void;
  /** Resolves when the work has ended, or after some seconds. */
  readonly pause: () => Promise<void>;
  /** Ends the wait after a failure. */
  readonly tryNow: () => void;
}

export function runOf(options: RunOptions): Run {
  const { clock, random, life, work, onError, onStatus } = options;
  let restart = new Waker();
  /** Null while it is paused. */
  let current: { readonly controller: AbortController; readonly ended: Promise<unknown> } | null = null;

  /** Works until the signal aborts. After a failure it waits, and meanwhile another context may take over. */
  const workAgain = async (signal: AbortSignal): Promise<void> => {
    for (let failures = 1; ; failures += 1) {
      const { controller, unlink } = linkedController(signal);
      try {
        await work(controller.signal);
        return;
      } catch (error) {
        onError(error);
        if (signal.aborted) return;
      } finally {
        controller.abort();
        unlink();
      }
      // A wish to try now that came before this failure does not shorten the wait after it.
      restart = new Waker();
      const until = new Deadline(clock, backOffMs(failures, random()));
      onStatus({ state: 'backing_off', reason: 'internal', until: until.at });
      await restart.wait(until.remainingMs, clock, signal);
    }
  };

  return {
    resume: () => {
      if (current !== null) return;
      const { controller, unlink } = linkedController(life);
      current = { controller, ended: workAgain(controller.signal).finally(unlink) };
    },
    pause: async () => {
      const paused = current;
      current = null;
      paused?.controller.abort();
      if (paused !== null) await untilEnded(paused.ended, options);
    },
    tryNow: () => {
      restart.wake();
    },
  };
}

/** Waits for work that is ending, for some seconds at most: an app or a platform may never answer. Reports its failure. */
export async function untilEnded(
  work: Promise<unknown>,
  { clock, onError }: Pick<RunOptions, 'clock' | 'onError'>,
): Promise<void> {
  await within(work, STOP_LIMIT_MS, clock, new AbortController().signal).catch((error: unknown) => {
    if (!(error instanceof TimeLimitError) && !(error instanceof SyncError)) onError(error);
  });
}
