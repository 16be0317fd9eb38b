/** Stops the process of a page, as a system does that sets an app aside: its timers, its messages and its requests stand still. */
import type { Browser, Page } from 'playwright-core';

/** A page that does not answer for so long stands still, milliseconds. */
const ANSWER_MS = 2000;

/** @param others pages that must go on, so in another process. @returns lets the page go on */
export async function stopPage(browser: Browser, page: Page, others: readonly Page[]): Promise<() => void> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  for (const { id } of processInfo.filter(({ type }) => type === 'renderer')) {
    const goOn = (): void => {
      process.kill(id, 'SIGCONT');
    };
    process.kill(id, 'SIGSTOP');
    // Nothing tells which process a page has.
    if (!(await answers(page)) && (await Promise.all(others.map(answers))).every(Boolean)) return goOn;
    goOn();
  }
  throw new Error('The page has no process of its own.');
}

async function answers(page: Page): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, ANSWER_MS, false);
  });
  const answer = page.evaluate(() => true).catch(() => false);
  return Promise.race([answer, silence]).finally(() => {
    clearTimeout(timer);
  });
}
