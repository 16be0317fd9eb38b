/** Measures how far the content of a page moves by itself (Cumulative Layout Shift, https://web.dev/articles/cls). */
import type { Page } from 'playwright-core';

interface Shift extends PerformanceEntry {
  readonly value: number;
  /** Whether an interaction of the user explains the shift. */
  readonly hadRecentInput: boolean;
}

declare const shifts: { sum: number };

/** Adds up the shifts of each page that is opened from now on. */
export async function watchLayoutShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const added = { sum: 0 };
    Object.assign(globalThis, { shifts: added });
    new PerformanceObserver((list) => {
      for (const shift of list.getEntries() as Shift[]) if (!shift.hadRecentInput) added.sum += shift.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

/** The shift of the open page: 0 if nothing has moved, 1 if everything moved by the height of the window. */
export async function layoutShift(page: Page): Promise<number> {
  // Shifts are reported with the next frame.
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(resolve));
      }),
  );
  return page.evaluate(() => shifts.sum);
}
