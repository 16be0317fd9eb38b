import assert from 'node:assert/strict';
import type { Page, Request } from 'playwright-core';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { assertAccessible } from './support/accessibility.ts';
import { becomes, fits } from './support/becomes.ts';
import { launch, ORIGIN, Visitor } from './support/browser.ts';
import { layoutShift, watchLayoutShifts } from './support/layoutShift.ts';
import { uidOf } from './support/operator.ts';
import { assertReadsInOrder } from './support/reading.ts';
import {
  putConversations,
  seedConversations,
  seedJobs,
  seedTranscript,
  type SeededConversation,
} from './support/seed.ts';

const DAYS = 30;
/** Conversations of the newest day. */
const A_DAY = 500;
/** Conversations of each earlier day. `CONVERSATIONS_A_DAY=500` fills the emulator with more, which takes minutes. */
const EARLIER = Number(process.env['CONVERSATIONS_A_DAY'] ?? 10);
const DAY_MS = 24 * 3600_000;
const JOBS = 70;

/** From a phone, through a page at a zoom of 400 %, to a large screen. */
const SIZES = [
  { width: 320, height: 256 },
  { width: 390, height: 844 },
  { width: 640, height: 400 },
  { width: 1920, height: 1080 },
] as const;

describe('Weeks of use', function () {
  let visitor: Visitor;
  let page: Page;
  let midnight: number;
  let newest: SeededConversation[];

  const closing = closeAfterAll();
  before('a user with thirty days of recordings', async () => {
    visitor = closing(await Visitor.arrive(closing(await launch())));
    page = visitor.page;
    const uid = await uidOf(await visitor.signUp());
    const yesterday = new Date(Date.now() - DAY_MS);
    midnight = new Date(yesterday.getFullYear(), yesterday.getMonth(), yesterday.getDate()).getTime();
    await visitor.openAfter(async () => {
      newest = await seedConversations(uid, { newest: midnight, days: 1, aDay: A_DAY });
      await seedConversations(uid, { newest: midnight - DAY_MS, days: DAYS - 1, aDay: EARLIER });
      await putConversations(uid, [
        {
          id: 'overnight',
          deviceId: 'phone',
          startedAt: new Date(midnight - 300_000),
          finishedAt: new Date(midnight + 300_000),
          title: 'Until after midnight',
        },
      ]);
      await seedJobs(uid, new Date(midnight + 12 * 3600_000), JOBS);
      const startedAt = newest[0]?.startedAt ?? new Date();
      await seedTranscript(uid, {
        deviceId: 'pendant',
        startedAt,
        texts: ['This is the first sentence.', 'مرحبا بالعالم'],
      });
    });
    await page.locator('.conversations li').first().waitFor();
  });
  beforeEach(async () => {
    await page.setViewportSize({ width: 1280, height: 860 });
    await visitor.go('Days');
    await page.locator('.conversations li').first().waitFor();
  });

  /** Fails if anything is wider than the window, or if the navigation is outside it. */
  async function assertFits(what: string): Promise<void> {
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await fits(page, `${what} at ${size.width} px`);
      const isInside = (): Promise<boolean> =>
        page.evaluate(() => {
          const { left, right } = document.querySelector('.rail-nav')?.getBoundingClientRect() ?? {
            left: -1,
            right: 0,
          };
          return left >= 0 && right <= innerWidth;
        });
      await becomes(isInside, true, `the navigation of ${what} is in the window at ${size.width} px`);
    }
    await page.setViewportSize({ width: 1280, height: 860 });
  }

  /** Waits until the axis has all conversations, which are added step by step. */
  async function allBlocks(): Promise<void> {
    await page
      .locator('.lane .block')
      .nth(A_DAY - 1)
      .waitFor({ state: 'attached' });
  }

  it('shows the sum of all conversations of a day, but renders only the visible rows', async () => {
    const figures = page.getByRole('region', { name: 'The day in figures' });
    const text = async (): Promise<string> => (await figures.innerText()).replace(/\s+/g, ' ');
    const sums = `recorded 1 h 10 min billed 24 min 30 s conversations, 1 from the day before ${A_DAY + 1} words 5,010`;
    await becomes(text, `${sums} 23 min 20 s speech 46 min 40 s silence, not billed`);
    assert((await page.locator('.conversations li').count()) <= 300);
    await page.keyboard.press('End');
    await page.locator('.conversations li').last().getByText('22:').waitFor();
    await page.keyboard.press('Home');
    await assertAccessible(page, 'A day of many conversations');
    await assertReadsInOrder(page, 'A day of many conversations');
    await assertFits('A day of many conversations');
  });

  it('reads the recordings of many jobs with few queries', async () => {
    let queries = 0;
    const count = (request: Request): void => {
      const asked = decodeURIComponent(request.postData() ?? '');
      queries += asked.match(/"collectionId":"job_files"/g)?.length ?? 0;
    };
    // The sums of the last visit would be shown before anything is read.
    await page.addInitScript(() => {
      localStorage.removeItem('newest-day');
    });
    page.on('request', count);
    await page.reload();
    await page.getByText('1 h 10 min', { exact: true }).waitFor();
    page.off('request', count);
    assert(queries > 0 && queries < JOBS / 10, `${queries} queries for ${JOBS} jobs`);
  });

  it('reads transcripts only if the axis is zoomed in far enough to show them', async () => {
    const strokes = page.locator('.lane-speech path[d^=M]');
    const axis = page.getByRole('group', { name: /^From / });
    await allBlocks();
    await page.locator('.figures[aria-busy=false]').waitFor();
    assert.equal(await strokes.count(), 0);
    await axis.focus();
    // Zooms in to the first hours of the day, in which something was said.
    for (let i = 0; i < 4; i++) await page.keyboard.press('+');
    for (let i = 0; i < 60; i++) await page.keyboard.press('ArrowLeft');
    await strokes.first().waitFor({ state: 'attached' });
    await page.keyboard.press('0');
    await strokes.first().waitFor({ state: 'detached' });
  });

  it('shows a conversation over midnight on both days', async () => {
    const row = page.locator('.conversations li').filter({ hasText: 'Until after midnight' });
    const dayBefore = new Date(midnight - 1).toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
    await row.getByText(`${dayBefore} · 10 min`).waitFor();
    await page.getByRole('link', { name: 'Earlier day' }).click();
    await page.waitForURL(`**/day/${isoDay(midnight - 1)}`);
    await page.locator('.conversations b').getByText('Until after midnight').waitFor();
    await row.getByText(dayBefore).waitFor({ state: 'detached' }); // The conversation began on this day.
    await page.locator('.block[aria-label^="Until after midnight"]').waitFor();
  });

  it('has few stops of the Tab key before the list, and the arrow keys move between the conversations of a device', async () => {
    await allBlocks();
    const before = await page.evaluate(() => {
      const list = document.querySelector('.conversations a');
      const stops = [...document.querySelectorAll<HTMLElement>('a[href], button, input, [tabindex]')];
      return stops.filter((stop) => stop.tabIndex >= 0 && !stop.contains(list) && precedes(stop, list)).length;
      function precedes(a: Node, b: Node | null): boolean {
        return b !== null && (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
      }
    });
    assert(before < 45, `${before} stops before the list`);
    await page.locator('.block[tabindex="0"]').nth(1).focus();
    const focused = (): Promise<string | null | undefined> =>
      page.evaluate(() => document.activeElement?.getAttribute('href'));
    const first = await focused();
    await page.keyboard.press('ArrowRight');
    await becomes(async () => (await focused()) === first, false, 'the focus stays on the first');
    await page.keyboard.press('ArrowLeft');
    await becomes(focused, first);
  });

  it('returns with Back to the scroll position and to the link that was followed', async () => {
    await page.locator('.conversations a').nth(40).scrollIntoViewIfNeeded();
    await page.waitForFunction(() => scrollY > 500);
    // Rows come and go while the list scrolls, so the test reads which one was followed.
    const followed = page.evaluate(
      () =>
        new Promise<string | null>((resolve) => {
          const onClick = ({ target }: Event): void => {
            resolve((target as Element).closest('a')?.getAttribute('href') ?? null);
          };
          addEventListener('click', onClick, { capture: true, once: true });
        }),
    );
    await page.locator('.conversations a').nth(40).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).waitFor();
    await page.goBack();
    await page.waitForFunction(
      (wanted) => {
        const active = document.activeElement;
        const { top = -1, bottom = 0 } = active?.getBoundingClientRect() ?? {};
        return active?.getAttribute('href') === wanted && top >= 0 && bottom <= innerHeight && scrollY > 500;
      },
      await followed,
    );
  });

  it('shows each text in its own direction, and none is wider than the page', async () => {
    const arabic = page.locator('.conversations b').getByText('مكالمة').first();
    assert.equal(await arabic.evaluate((element) => getComputedStyle(element).direction), 'rtl');
    await visitor.goTo(`/conversations/${newest[0]?.id ?? ''}`);
    const said = page.locator('.turn > p:last-child');
    await said.nth(1).waitFor();
    const directions = await said.evaluateAll((all) => all.map((element) => getComputedStyle(element).direction));
    assert.deepEqual(directions, ['ltr', 'rtl']);
    await visitor.goTo(`/conversations/${newest[4]?.id ?? ''}`);
    await page.getByRole('heading', { name: /^Donau/ }).waitFor();
    await assertFits('A conversation with a long title');
  });

  it('does not leave the day while a date is typed, but goes to it when it is complete', async () => {
    const visited: string[] = [];
    page.on('framenavigated', (frame) => visited.push(new URL(frame.url()).pathname));
    const field = page.getByLabel('Day', { exact: true });
    const day = isoDay(midnight - 3 * DAY_MS);
    await field.focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await field.fill(day);
    await field.press('Enter');
    await page.waitForURL(`**/day/${day}`);
    assert.deepEqual([...new Set(visited)], [`/day/${day}`]);
  });

  it('shows a month as a calendar, and links to other years', async () => {
    await page.locator('.screen-context a').click();
    const day = page.locator(`a.month-day[href$="-${String(new Date(midnight).getDate()).padStart(2, '0')}"]`);
    await day.getByText(`${A_DAY} conversations`).waitFor({ state: 'attached' });
    await assertAccessible(page, 'A month');
    await assertFits('A month');
    await visitor.shot('month');
    await page.getByRole('link', { name: String(new Date(midnight).getFullYear() - 1) }).click();
    await page.getByText('0 conversations.').waitFor();
  });

  it('lists all jobs, page by page', async () => {
    await visitor.go('Jobs');
    await page.locator('.job-card').nth(29).waitFor();
    await page.getByRole('button', { name: 'Show 30 older ones' }).click();
    await page.locator('.job-card').nth(59).waitFor();
    await page.getByRole('button', { name: 'Show 30 older ones' }).click();
    await page
      .locator('.job-card')
      .nth(JOBS - 1)
      .waitFor();
    await page.getByRole('button', { name: 'Show 30 older ones' }).waitFor({ state: 'detached' });
    const focused = (): Promise<number> =>
      page.evaluate(() =>
        [...document.querySelectorAll('.job-card')].findIndex((card) => card.contains(document.activeElement)),
      );
    await becomes(focused, 60, 'focus is on the first of the last ones');
    await assertFits('Jobs');
  });

  it('searches at the first visit while it reads, and no result moves', async () => {
    await page.setViewportSize({ width: 412, height: 915 });
    await watchLayoutShifts(page);
    await page.goto(`${ORIGIN}/search?q=first+sent`);
    await page.locator('.hits mark').getByText('first').waitFor();
    await page.getByLabel('Device').locator('option', { hasText: 'pendant' }).waitFor({ state: 'attached' });
    await page.getByText('Reading what was said').waitFor({ state: 'detached' });
    assert((await layoutShift(page)) < 0.02, `the results moved by ${await layoutShift(page)}`);
  });

  it('finds text in any script, by device and date, and links to the sentence', async () => {
    await visitor.go('Search');
    const input = page.getByRole('searchbox', { name: 'Search everything that was said' });
    await input.fill('first sent');
    const hit = page.locator('.hits a');
    await hit.locator('mark').getByText('first').waitFor();
    await assertAccessible(page, 'Search');
    await assertFits('Search');
    await page.getByLabel('Device').selectOption('pendant');
    await input.fill('بالعالم');
    await page.getByText('1 sentence,').waitFor();
    await visitor.shot('search');
    await hit.click();
    await page.waitForFunction(() => document.activeElement?.textContent.includes('مرحبا'));
    await page.goBack();
    await page.getByText('1 sentence,').waitFor();
    await becomes(() => input.inputValue(), 'بالعالم');
    await page.getByLabel('To').fill('2020-01-01');
    await page.getByText('No results.').waitFor();
  });

  it('opens without a long task on a processor that is four times slower', async () => {
    await page.addInitScript(() => {
      const longTasks: number[] = [];
      Object.assign(globalThis, { measuredTasks: longTasks });
      new PerformanceObserver((list) => {
        longTasks.push(...list.getEntries().map(({ duration }) => Math.round(duration)));
      }).observe({ type: 'longtask', buffered: true });
    });
    const session = await visitor.context.newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await page.reload();
    await page.locator('.conversations li').first().waitFor();
    const shownMs = await page.evaluate(() => Math.round(performance.now()));
    await allBlocks();
    const tasks = await page.evaluate(() => (globalThis as unknown as { measuredTasks: number[] }).measuredTasks);
    const longest = Math.max(0, ...tasks);
    const heap = await page.evaluate(
      () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
    );
    await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
    console.log(
      `      home after ${shownMs} ms, longest task ${longest} ms, heap ${Math.round(heap / 1e6)} MB (4 times slower)`,
    );
    // Checks the amount of work, not the speed of this machine (npm run bench:console measures that).
    assert((await page.locator('.conversations li').count()) <= 300);
  });

  it('accepts files that are dropped outside the drop zone, and folders', async () => {
    await visitor.go('Record');
    await page.getByRole('heading', { name: 'Add recordings' }).waitFor();
    const isKept = await page.evaluate(() => {
      const data = new DataTransfer();
      data.items.add(new File(['x'], 'notes.txt'));
      const event = new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true });
      document.querySelector('h1')?.dispatchEvent(event);
      return event.defaultPrevented;
    });
    assert(isKept, 'the browser would open the file');
    await page.getByRole('alert').getByText('notes.txt').waitFor();
    await assertFits('Record');
  });
});

/** `yyyy-mm-dd` in this machine's time zone. */
function isoDay(ms: number): string {
  const day = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}
