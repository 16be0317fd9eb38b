/** Lets the time of a page jump, so that no test waits for a long limit to pass. */
import type { Page } from 'playwright-core';

interface Jumping {
  jump: (ms: number) => Promise<void>;
}

/** Call it before the page is opened. */
export async function allowJumps(page: Page): Promise<void> {
  await page.addInitScript(install);
}

/**
 * Lets this time pass for the page at once. What it set a timer for happens in the usual order, as far as it is due by then. Timers that
 * would end later keep their length.
 */
export async function jump(page: Page, ms: number): Promise<void> {
  await page.evaluate((by) => (globalThis as unknown as Jumping).jump(by), ms);
}

/** Runs in the page. */
function install(): void {
  // Not Node's, whose timers are objects.
  const begin = window.setTimeout.bind(window);
  const end = window.clearTimeout.bind(window);
  const now = performance.now.bind(performance);
  const timers = new Map<number, { readonly at: number; readonly run: () => void }>();
  let jumped = 0;
  performance.now = () => now() + jumped;

  const setTimer = (then: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): number => {
    const run = (): void => {
      timers.delete(id);
      then(...args);
    };
    const id: number = begin(run, ms);
    timers.set(id, { at: performance.now() + ms, run });
    return id;
  };
  const clearTimer = (id: number): void => {
    timers.delete(id);
    end(id);
  };
  const jumpBy = async (ms: number): Promise<void> => {
    const until = performance.now() + ms;
    for (;;) {
      const [next] = [...timers].toSorted(([, one], [, other]) => one.at - other.at);
      if (next === undefined || next[1].at > until) break;
      const [id, { at, run }] = next;
      jumped += Math.max(0, at - performance.now());
      end(id);
      run();
      // What follows from it may set further timers.
      await new Promise((resolve) => {
        begin(resolve, 0);
      });
    }
    jumped += Math.max(0, until - performance.now());
  };
  Object.assign(globalThis, { setTimeout: setTimer, clearTimeout: clearTimer, jump: jumpBy });
}
