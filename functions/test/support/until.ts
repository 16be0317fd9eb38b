import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** How long tests wait for others, milliseconds: shorter than mocha does, whose end says nothing of what did not come. */
export const LIMIT_MS = 240_000;

/** Waits for something that others bring about. @param limitMs milliseconds. */
export async function until(isSo: () => boolean | Promise<boolean>, limitMs = LIMIT_MS): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, `It did not come to this in ${limitMs} ms.`);
    await delay(50);
  }
}
