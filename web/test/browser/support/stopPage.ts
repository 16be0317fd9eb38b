/** Stops the process of a page, as a system does that sets an app aside: its timers, its messages and its requests stand still. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';

interface Trace {
  readonly traceEvents: readonly { readonly name: string; readonly pid: number }[];
}

/** @param others pages that must go on, so in another process. @returns lets the page go on */
export async function stopPage(browser: Browser, page: Page, others: readonly Page[]): Promise<() => void> {
  const id = await processOf(browser, page);
  for (const other of others)
    if ((await processOf(browser, other)) === id) throw new Error('The page has no process of its own.');
  process.kill(id, 'SIGSTOP');
  return () => {
    process.kill(id, 'SIGCONT');
  };
}

/** By a mark that the page makes: a trace names the process of each. */
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

/** As the process sees itself: Chromium's sandbox numbers processes anew. */
function idInSandbox(id: number): number {
  try {
    const [, own] = /^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${id}/status`, 'utf8')) ?? [];
    return own === undefined ? id : Number(own);
  } catch {
    return id; // No Linux: one numbering.
  }
}
