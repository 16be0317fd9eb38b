/** Checks a page with axe. */
import assert from 'node:assert/strict';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * Fails on violations of WCAG 2.2 A and AA, and of axe's best practices. The page has no transitions from then on: axe would
 * measure the contrast of a button that fades from disabled to enabled.
 */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run({ resultTypes: ["violations"] })');
  const found = violations.map(({ id, help, nodes }) => ({
    id,
    help,
    where: nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)}\n${failureSummary ?? ''}`),
  }));
  assert.deepEqual(found, [], `${what} is not accessible`);
}
