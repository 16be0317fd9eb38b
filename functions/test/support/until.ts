import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** How long tests wait for something, milliseconds. Shorter than the limit of mocha, whose message does not say what was missing. */
export const LIMIT_MS = 240_000;

/** Waits until a condition is true. @param limitMs milliseconds. */
export async function until(isSo: () => boolean | Promise<boolean>, limitMs = LIMIT_MS): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, `The condition was still false after ${limitMs} ms.`);
    await delay(50);
  }
}
