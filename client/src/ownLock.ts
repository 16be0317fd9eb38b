/** Decides which of several tabs works on a store: the one that holds a Web Lock with its name, as long as it answers the others. */
import type { Clock } from './time.ts';
import { linkedController, Stopwatch } from './time.ts';

export interface OwnLockOptions {
  readonly name: string;
  /** The channel between the tabs; null if the browser has none. Then no tab takes over from another that stands still. */
  readonly channel: BroadcastChannel | null;
  readonly clock: Clock;
}

/** @returns a signal that aborts when another tab has taken over; null if this tab does not get the lock */
export type OwnLock = (signal: AbortSignal, wait: boolean) => Promise<AbortSignal | null>;

const PING = 'are you there?';
const PONG = 'yes';
/** Interval of pings, milliseconds. A tab in the background answers messages, although its timers are slowed down. */
const PING_EVERY_MS = 15_000;
/** Another tab takes over when the holder of the lock has left this many pings in a row, for {@link SILENT_MS}, without an answer. */
const LOST_PINGS = 4;
const SILENT_MS = 60_000;

/** The lock of one tab. Aborting the signal ends the ownership, or the wait for it. Without Web Locks, every tab gets the lock. */
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
        // If the lock was not held yet, the wait has ended; otherwise another tab has taken it.
        isHolder = false;
        stolen.abort();
        resolve(null);
      });
    });

  return async (signal, wait) => {
    if (locks === undefined) return new AbortController().signal;
    // A signal and `ifAvailable`, or `steal`, exclude each other.
    if (!wait) return request({ ifAvailable: true }, signal);
    const waiting = linkedController(signal);
    const watching = linkedController(signal);
    const held = request({ signal: waiting.controller.signal }, waiting.controller.signal);
    const isSilent = untilSilent(channel, clock, watching.controller.signal).then(() => null);
    const lost = await Promise.race([held, isSilent]);
    watching.controller.abort();
    watching.unlink();
    // The link to the signal stays, because it ends the ownership.
    if (lost !== null || signal.aborted) return lost;
    waiting.controller.abort();
    waiting.unlink();
    // The lock may have been granted at this very moment: then it is released.
    await held;
    return request({ steal: true }, signal);
  };
}

/** Resolves when the holder of the lock stands still, or the signal aborts. */
async function untilSilent(channel: BroadcastChannel | null, clock: Clock, signal: AbortSignal): Promise<void> {
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
    // An answer may have arrived while this tab stood still: handle it before the ping counts as lost.
    await clock.sleep(0, signal);
  }
  channel.removeEventListener('message', answered);
}
