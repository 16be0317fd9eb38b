/** The current time, for texts that count down or up. */
import { useEffect, useState } from 'preact/hooks';

/** @param everyMs Interval of the updates, milliseconds; null stops them. */
export function useNow(everyMs: number | null): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (everyMs === null) return undefined;
    const timer = setInterval(() => {
      setNow(Date.now());
    }, everyMs);
    return () => {
      clearInterval(timer);
    };
  }, [everyMs]);
  return now;
}

/** A wait that is longer than this is unusual, milliseconds. */
const LATE_MS = 8000;

/**
 * Whether a wait is longer than usual. Shorter waits are not mentioned: most end before a message about them could be read.
 * @param afterMs milliseconds
 */
export function useIsLate(isWaiting: boolean, afterMs = LATE_MS): boolean {
  const [isLate, setIsLate] = useState(false);
  useEffect(() => {
    if (!isWaiting) return undefined;
    const timer = setTimeout(setIsLate, afterMs, true);
    return () => {
      clearTimeout(timer);
      setIsLate(false);
    };
  }, [isWaiting, afterMs]);
  return isWaiting && isLate;
}

/** Whether the browser reports a network. */
export function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = (): void => {
      setOnline(navigator.onLine);
    };
    addEventListener('online', update);
    addEventListener('offline', update);
    return () => {
      removeEventListener('online', update);
      removeEventListener('offline', update);
    };
  }, []);
  return online;
}
