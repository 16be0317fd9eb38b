/** Waits for a value of the page. */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { LIMIT_MS } from './browser.ts';

/**
 * Reads again and again until the value is the expected one, because a page may show the consequences of one event at different moments.
 * Fails with the last value.
 */
export async function becomes<T>(read: () => Promise<T>, expected: T, what?: string): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  let last = await read();
  while (!isDeepStrictEqual(last, expected) && Date.now() < deadline) {
    await delay(50);
    last = await read();
  }
  assert.deepEqual(last, expected, what);
}

/** Waits until nothing is wider than the window. What depends on its width follows a change of the width with the next frame. */
export async function fits(page: Page, what: string): Promise<void> {
  const overflow = (): Promise<number> =>
    page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - innerWidth));
  await becomes(overflow, 0, `${what} is too wide: by so many pixels`);
}

/** Waits until the whole transcript of the open conversation is read: only then can it be copied. */
export async function untilWhole(page: Page): Promise<void> {
  await page.locator('button:enabled', { hasText: 'Copy' }).waitFor();
}
