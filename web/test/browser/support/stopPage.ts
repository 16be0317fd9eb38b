/** Stops the process of a page, as a system does with an app in the background: its timers, messages and requests stand still. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';

interface Trace {
  readonly traceEvents: readonly { readonly name: string; readonly pid: number }[];
}

/** @param others pages that must continue, so they have to be in another process @returns a function that lets the page continue */
export async function stopPage(browser: Browser, page: Page, others: readonly Page[]): Promise<() => void> {
  const id = await processOf(browser, page);
  for (const other of others)
    if ((await processOf(browser, other)) === id) throw new Error('The page has no process of its own.');
  process.kill(id, 'SIGSTOP');
  return () => {
    process.kill(id, 'SIGCONT');
  };
}

/** Finds the process by a mark that the page makes: a trace names the process of each mark. */
async function processOf(browser: Browser, page: Page): Promise<number> {
  const mark = randomUUID();
  await browser.startTracing(page, { categories: ['blink.user_timing'] });
  await page.evaluate((name) => {
    performance.mark(name);
  }, mark);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as Trace;
  const told = traceEvents.find(({ name }) => name === mark)?.pid;
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const found = processInfo.find(({ type, id }) => type === 'renderer' && idInSandbox(id) === told);
  if (found === undefined) throw new Error(`No renderer is the process ${told} of the trace.`);
  return found.id;
}

/** The process's own id for itself: Chromium's sandbox has its own numbering. */
function idInSandbox(id: number): number {
  try {
    const [, own] = /^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${id}/status`, 'utf8')) ?? [];
    return own === undefined ? id : Number(own);
  } catch {
    return id; // Other systems than Linux have only one numbering.
  }
}
