/** Which of several tabs works on a store: the one that holds a Web Lock of its name, as long as it answers the others. */
import type { Clock } from './time.ts';
import { linkedController, Stopwatch } from './time.ts';

export interface OwnLockOptions {
  readonly name: string;
  /** Between the tabs; null where the browser has none: then no tab is taken over from. */
  readonly channel: BroadcastChannel | null;
  readonly clock: Clock;
}

/** @returns ends when another tab has taken over, or null where this tab does not hold the lock. */
export type OwnLock = (signal: AbortSignal, wait: boolean) => Promise<AbortSignal | null>;

const PING = 'are you there?';
const PONG = 'yes';
/** Milliseconds. A tab in the background answers messages, although its timers are slowed down. */
const PING_EVERY_MS = 15_000;
/** The tab that holds the lock is taken over from when it left so many pings in a row without an answer, for so long. */
const LOST_PINGS = 4;
const SILENT_MS = 60_000;

/**
 * The lock of one tab. Aborting the signal ends the ownership, or the wait for it. Browsers without Web Locks have one tab.
 */
export function ownLock({ name, channel, clock }: OwnLockOptions): OwnLock {
  let isHolder = false;
  channel?.addEventListener('message', ({ data }) => {
    if (data === PING && isHolder) channel.postMessage(PONG);
  });
  const { navigator } = globalThis as Partial<typeof globalThis>;
  const locks = navigator?.locks as LockManager | undefined;

  /** The signal of the ownership, or null. */
  const request = (options: LockOptions, signal: AbortSignal): Promise<AbortSignal | null> =>
    new Promise((resolve) => {
      const stolen = new AbortController();
      const hold = (lock: Lock | null): Promise<void> | undefined => {
        if (lock === null || signal.aborted) {
          resolve(null);
          return undefined;
        }
        isHolder = true;
        resolve(stolen.signal);
        return new Promise((release) => {
          signal.addEventListener('abort', () => {
            isHolder = false;
            release();
          });
        });
      };
      locks?.request(name, options, hold).catch(() => {
        // Before it was held: the wait has ended. Afterwards: another tab has taken it.
        isHolder = false;
        stolen.abort();
        resolve(null);
      });
    });

  /** Resolves when the tab that holds the lock stands still, or the signal aborts. */
  const silence = async (signal: AbortSignal): Promise<void> => {
    if (channel === null) {
      await clock.sleep(Infinity, signal);
      return;
    }
    let lost = 0;
    let since = new Stopwatch(clock);
    const answered = ({ data }: MessageEvent): void => {
      if (data !== PONG) return;
      lost = 0;
      since = new Stopwatch(clock);
    };
    channel.addEventListener('message', answered);
    while (!signal.aborted && (lost < LOST_PINGS || since.elapsedMs < SILENT_MS)) {
      lost += 1;
      channel.postMessage(PING);
      await clock.sleep(PING_EVERY_MS, signal);
      // An answer that came while this tab stood still is heard before it counts as lost.
      await clock.sleep(0, signal);
    }
    channel.removeEventListener('message', answered);
  };

  return async (signal, wait) => {
    if (locks === undefined) return new AbortController().signal;
    // A signal and `ifAvailable`, or `steal`, exclude each other.
    if (!wait) return request({ ifAvailable: true }, signal);
    const waiting = linkedController(signal);
    const watching = linkedController(signal);
    const held = request({ signal: waiting.controller.signal }, waiting.controller.signal);
    const isSilent = silence(watching.controller.signal).then(() => null);
    const lost = await Promise.race([held, isSilent]);
    watching.controller.abort();
    watching.unlink();
    // The link stays: it is how the ownership ends.
    if (lost !== null || signal.aborted) return lost;
    waiting.controller.abort();
    waiting.unlink();
    // It may have been granted in this very moment: then it is released.
    await held;
    return request({ steal: true }, signal);
  };
}
