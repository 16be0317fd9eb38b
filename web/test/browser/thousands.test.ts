import assert from 'node:assert/strict';
import type { Browser, CDPSession, Locator, Page } from 'playwright-core';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { launch, Visitor, untilRecorded } from './support/browser.ts';
import { uidOf } from './support/operator.ts';

const COUNT = 10_000;
/** How much slower a phone's processor is than this machine's. */
const SLOWDOWN = 4;
/** Longest task of the page on such a processor, milliseconds. Users notice longer ones. */
const LONGEST_TASK_MS = 100;
/** Time that {@link countFar} takes on the processor for which the limits are meant, milliseconds. A slower one gets more time. */
const REFERENCE_MS = 160;

/**
 * The shortest of several rounds is used: it contains no work that happens once, such as garbage collection and compilation. There are no
 * more rounds once it is short enough.
 */
const ROUNDS = 3;

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time, microseconds. */
  readonly tdur?: number;
  readonly args?: { readonly name?: unknown };
}
interface Trace {
  readonly traceEvents: readonly TraceEvent[];
}

interface Measured {
  /** When recording could begin and the list was shown, milliseconds after the navigation; 0 before that. */
  usableAt: number;
}
declare const measured: Measured;

/** Runs in the page: stores recordings as the client library does, each with a little audio. */
async function fill({ uid, count }: { uid: string; count: number }): Promise<void> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(`offline-audio-sync/${uid}`);
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = () => {
      reject(request.error ?? new Error('It does not open.'));
    };
  });
  const tx = database.transaction(['entries', 'audio'], 'readwrite');
  const failure = { code: 'recording_corrupt', message: 'Nothing in it can be read.', retryable: false };
  const target = { deviceId: 'web1', conversationId: null, clockOffsetMs: 0 };
  for (let i = 0; i < count; i++) {
    const at = Date.now() - (count - i) * 60_000;
    const doc = { id: `many${i}`, name: `audio_web1_opus_fs320_16000_1_fs320_${at}.bin`, size: 240_000, addedAt: at };
    const rest = { changedAt: at, state: 'failed', batchId: null, jobId: null, session: null, failure, target };
    tx.objectStore('entries').put({ ...doc, ...rest, mishaps: 0, givenUp: 0 }, `recording/${doc.id}`);
    tx.objectStore('audio').put(new Blob([new Uint8Array(100)]), doc.id);
  }
  await new Promise<void>((resolve, reject) => {
    tx.oncomplete = () => {
      resolve();
    };
    tx.onerror = () => {
      reject(tx.error ?? new Error('It is not written.'));
    };
  });
  database.close();
}

/** Runs in the page before its own scripts. */
function watch(): void {
  const seen: Measured = { usableAt: 0 };
  Object.assign(globalThis, { measured: seen });
  // The browser keeps both collections up to date, so reading them costs almost nothing.
  const [rows, empty] = ['file-row', 'empty'].map((name) => document.getElementsByClassName(name));
  const buttons = document.getElementsByClassName('record-button');
  const look = (): void => {
    const isUsable = buttons.length > 0 && (rows?.length ?? 0) + (empty?.length ?? 0) > 0;
    if (isUsable) seen.usableAt = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** Runs in the page: work that depends only on the processor. */
function countFar(): number {
  let sum = 0;
  for (let i = 0; i < 30_000_000; i++) sum = (sum * 31 + i) | 0;
  return sum;
}

describe('Ten thousand recordings on this device', function () {
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;
  /** One session for all: when a session ends, the processor is no longer slowed down. */
  let session: CDPSession;

  const closing = closeAfterAll();
  before('are stored', async () => {
    browser = closing(await launch());
    visitor = closing(await Visitor.arrive(browser));
    page = visitor.page;
    const uid = await uidOf(await visitor.signUp());
    session = await visitor.context.newCDPSession(page);
    await visitor.go('Record');
    await page.getByText('Nothing waits to be sent.').waitFor();
    await page.addInitScript(watch);
    const emptyMs = await open(SLOWDOWN, page.getByText('Nothing waits to be sent.'));
    console.log(`      without recordings: usable after ${emptyMs} ms (${SLOWDOWN} times slower)`);
    await open(1, page.getByText('Nothing waits to be sent.'));
    await page.evaluate(fill, { uid, count: COUNT });
  });

  /** @returns the time until the page could be used, milliseconds */
  async function open(slowdown: number, sign: Locator): Promise<number> {
    await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
    await page.reload();
    await sign.waitFor();
    await page.getByRole('button', { name: 'Start recording' }).waitFor();
    const usableAt = await page.waitForFunction(() => measured.usableAt);
    return Math.round(await usableAt.jsonValue());
  }

  /**
   * The longest task of the page during some work, as long as it would be on the slow processor, milliseconds. It is measured by the clock
   * of the page's thread, which counts neither other work of this machine nor the pauses of Chromium's slowdown.
   */
  async function longestTask(what: string, work: () => Promise<unknown>): Promise<number> {
    await browser.startTracing(page, { categories: ['toplevel'] });
    await work();
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as Trace;
    const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
    const isOfPage = ({ pid, tid }: TraceEvent): boolean => mains.some((main) => main.pid === pid && main.tid === tid);
    const tasks = traceEvents.filter((event) => event.name.endsWith('RunTask') && isOfPage(event));
    assert.ok(tasks.length > 0, 'the trace has no tasks of the page');
    const longest = Math.round((SLOWDOWN * Math.max(...tasks.map(({ tdur = 0 }) => tdur))) / 1000);
    console.log(`      ${what}: longest task ${longest} ms (${SLOWDOWN} times slower)`);
    return longest;
  }

  it('are listed by rendering only the visible rows, and each can be reached', async () => {
    await open(1, page.locator('.file-row').first());
    await page
      .getByText(/failed|stopped/)
      .first()
      .waitFor();
    const rows = page.locator('.file-row');
    assert.ok((await rows.count()) <= 200, `${await rows.count()} rows are in the page`);
    await page.waitForFunction(() => {
      scrollTo(0, document.documentElement.scrollHeight);
      return document.querySelectorAll('.files:last-of-type .file-row').length > 0;
    });
    assert.ok((await rows.count()) <= 300);
    const before = await page.locator('.files:last-of-type .file-name').last().textContent();
    await page
      .locator('.files:last-of-type .file-row')
      .last()
      .getByRole('button', { name: /^Remove/ })
      .click();
    await page.getByRole('button', { name: 'Remove it' }).click();
    await page.waitForFunction(
      (name) => [...document.querySelectorAll('.file-name')].every((row) => row.textContent !== name),
      before,
    );
  });

  it('delay neither the user nor a recording on a slow processor', async () => {
    const usableMs = await open(SLOWDOWN, page.locator('.file-row').first());
    console.log(`      with ${COUNT} recordings: usable after ${usableMs} ms (${SLOWDOWN} times slower)`);
    await open(1, page.locator('.file-row').first());
    const start = page.getByRole('button', { name: 'Start recording' });
    await start.hover(); // Playwright adds its own scripts to the page here, before the measurement.
    let least = [Infinity, Infinity, Infinity];
    const counting: number[] = [];
    for (let round = 0; round < ROUNDS && Math.max(...least) >= LONGEST_TASK_MS; round++) {
      counting.push((await longestTask('counting', () => page.evaluate(countFar))) / SLOWDOWN);
      const begun = await longestTask('beginning to record', async () => {
        await start.click();
        await untilRecorded(page, 2);
      });
      const recorded = await longestTask('recording', () => untilRecorded(page, 7));
      const kept = await longestTask('keeping what was recorded', async () => {
        await page.getByRole('button', { name: 'Stop recording' }).click();
        await start.waitFor();
      });
      least = [begun, recorded, kept].map((ms, step) => Math.min(ms, least[step] ?? Infinity));
    }
    const slower = Math.max(1, Math.min(...counting) / REFERENCE_MS);
    assert.ok(
      Math.max(...least) < LONGEST_TASK_MS * slower,
      `tasks of ${least.join(', ')} ms while recording, on a processor that is ${slower.toFixed(1)} times slower than ours`,
    );
  });
});
