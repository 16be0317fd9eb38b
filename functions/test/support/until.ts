import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** Waits for something that others bring about. @param limitMs milliseconds. */
export async function until(isSo: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, `It did not come to this in ${limitMs} ms.`);
    await delay(50);
  }
}
