/**
 * One visit of a signed-in user who returns: the page is loaded, shows the newest day, and is scrolled to its end. `homeMs` is the time
 * from the navigation to the frame after the one that painted the day's first rows, as they were at the last visit. A first visit has
 * nothing stored to show before that: `firstVisit` measures the time from pressing "Sign in" to the first rows.
 */
import type { CDPSession, Page } from 'playwright-core';

export type Visit = Readonly<Record<string, number>>;

interface VisitOptions {
  /** How many times slower the page's processor is made. */
  readonly slower: number;
}

/** What the page itself measures of its visit. */
interface Measured {
  readonly tasks: { readonly at: number; readonly ms: number }[];
  rowAt: number;
}

/** A frame is dropped if it takes longer than two frames at sixty a second, milliseconds. */
const DROPPED_MS = 1000 / 30;

export async function visit(page: Page, { slower }: VisitOptions): Promise<Visit> {
  const session = await page.context().newCDPSession(page);
  const watching = await session.send('Page.addScriptToEvaluateOnNewDocument', {
    source: `(${watch.toString()})()`,
  });
  // The clock of the page's thread does not count other work of the machine.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  await session.send('Page.enable');
  await session.send('Emulation.setCPUThrottlingRate', { rate: slower });
  const before = await processorTime(session);
  await page.reload();
  await page.waitForFunction(() => (globalThis as unknown as { measured: Measured }).measured.rowAt > 0);
  const homeProcessorMs = since(before, await processorTime(session));
  await page.waitForTimeout(1500 * slower); // Work that follows the first rows: counts, other days, the service worker.
  const { tasks, rowAt } = await page.evaluate(() => (globalThis as unknown as { measured: Measured }).measured);
  const processorMs = await processorTime(session);
  const scroll = await scrollToEnd(page, session);
  const rowsInPage = await page.locator('.conversations li').count();
  await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize } = (await session.send('Runtime.getHeapUsage')) as {
    usedSize: number;
    backingStorageSize?: number;
  };
  await session.send('Page.removeScriptToEvaluateOnNewDocument', watching);
  await session.detach();
  const longest = (some: Measured['tasks']): number => Math.max(0, ...some.map(({ ms }) => ms));
  return {
    homeMs: Math.round(rowAt),
    homeProcessorMs,
    longestTaskMs: Math.round(longest(tasks)),
    longTasks: tasks.length,
    longTasksMs: Math.round(tasks.reduce((sum, { ms }) => sum + ms, 0)),
    processorMs: since(before, processorMs),
    ...scroll,
    rowsInPage,
    heapMb: Math.round((usedSize + (backingStorageSize ?? 0)) / 1e5) / 10,
  };
}

/** Milliseconds from the press of "Sign in" to the first rows of the day, in a browser that has never been here. */
export async function firstVisit(page: Page, { slower }: VisitOptions, signIn: () => Promise<void>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: slower });
  await page.evaluate(`(${watch.toString()})()`);
  await page.evaluate(() => {
    addEventListener('submit', () => Object.assign(globalThis, { pressedAt: performance.now() }), { capture: true });
  });
  await signIn();
  await page.waitForFunction(() => (globalThis as unknown as { measured: Measured }).measured.rowAt > 0);
  return page.evaluate(() => {
    const { measured, pressedAt } = globalThis as unknown as { measured: Measured; pressedAt: number };
    return Math.round(measured.rowAt - pressedAt);
  });
}

/** A page that is loaded again may have a new process, whose counter begins at 0. */
const since = (before: number, now: number): number => Math.round(now < before ? now : now - before);

/** Processor time of the page's tasks, milliseconds. */
async function processorTime(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
}

/** Returns a CPU profile of the work. */
export async function profileOf(page: Page, work: () => Promise<unknown>): Promise<unknown> {
  const session = await page.context().newCDPSession(page);
  await session.send('Profiler.enable');
  await session.send('Profiler.setSamplingInterval', { interval: 500 });
  await session.send('Profiler.start');
  await work();
  const { profile } = await session.send('Profiler.stop');
  await session.detach();
  return profile;
}

/** Runs in the page before its own scripts: notes long tasks and the first row. */
function watch(): void {
  const measured: Measured = { tasks: [], rowAt: 0 };
  Object.assign(globalThis, { measured });
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) measured.tasks.push({ at: startTime, ms: duration });
  }).observe({ type: 'longtask', buffered: true });
  // The browser keeps the collection up to date, so reading it costs almost nothing.
  const rowsInPage = document.getElementsByClassName('when');
  let frames = 0;
  const look = (): void => {
    // The frame before this one has painted them.
    if (rowsInPage.length > 0 && ++frames === 2) measured.rowAt = performance.now();
    if (measured.rowAt === 0) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** Scrolls by the wheel, as fast as a person turns it. */
async function scrollToEnd(page: Page, session: CDPSession): Promise<Visit> {
  await page.evaluate(() => {
    const frames: number[] = [];
    Object.assign(globalThis, { frames });
    let before = performance.now();
    const next = (now: number): void => {
      frames.push(now - before);
      before = now;
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  const began = await page.evaluate(() => (globalThis as unknown as { frames: number[] }).frames.length);
  await session.send('Input.synthesizeScrollGesture', { x: 700, y: 500, yDistance: -height, speed: 4000 });
  const all = await page.evaluate(() => (globalThis as unknown as { frames: number[] }).frames);
  const frames = all.slice(began);
  return {
    scrolledPx: await page.evaluate(() => Math.round(scrollY)),
    frames: frames.length,
    droppedFrames: frames.filter((ms) => ms > DROPPED_MS).length,
    longestFrameMs: Math.round(Math.max(0, ...frames)),
  };
}
