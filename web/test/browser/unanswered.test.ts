/** Services that do not answer: the page shows what is known, and says what is not. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page, Request } from 'playwright-core';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { SAMPLES_DIR } from '../../../dev/samples/samples.ts';
import { assertAccessible } from './support/accessibility.ts';
import { untilWhole } from './support/becomes.ts';
import { launch, Visitor } from './support/browser.ts';
import { layoutShift, watchLayoutShifts } from './support/layoutShift.ts';
import { uidOf } from './support/operator.ts';
import { seedConversations, seedJobs, seedTranscript, type SeededConversation } from './support/seed.ts';

const DAY_MS = 24 * 3600_000;
const A_DAY = 60;
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 412, height: 915 };
const SAMPLE = 'audio_pendant5_opus_16000_1_fs160_1749147641.bin';

describe('A user who returns while the service does not answer', function () {
  let visitor: Visitor;
  let page: Page;
  let uid: string;
  let midnight: Date;
  let noon: Date;
  let talk: SeededConversation | undefined;

  const closing = closeAfterAll();
  before('a user with some days of recordings', async () => {
    visitor = closing(await Visitor.arrive(closing(await launch())));
    page = visitor.page;
    uid = await uidOf(await visitor.signUp());
    midnight = new Date(new Date(Date.now() - DAY_MS).setHours(0, 0, 0, 0));
    noon = new Date(midnight.getTime() + 12 * 3600_000);
    await visitor.openAfter(async () => {
      [talk] = await seedConversations(uid, { newest: midnight.getTime(), days: 3, aDay: A_DAY });
      assert(talk);
      await seedTranscript(uid, { deviceId: talk.deviceId, startedAt: talk.startedAt, texts: ['Ships sail tonight.'] });
      await seedJobs(uid, noon, 3);
    });
  });

  /** From now on, Auth does not answer. @returns a function that lets it answer */
  async function holdAuth(): Promise<() => void> {
    let answer = (): void => undefined;
    const mayAnswer = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/accounts:lookup*', async (route) => {
      if (route.request().method() === 'POST') await mayAnswer;
      await route.continue();
    });
    return answer;
  }

  /** @returns a function that says whether the element has been busy at any time since */
  async function watchBusy(element: Locator): Promise<() => Promise<boolean>> {
    const seen = await element.evaluateHandle((node) => {
      const record = { busy: false };
      new MutationObserver(() => {
        record.busy ||= node.ariaBusy === 'true';
      }).observe(node, { attributeFilter: ['aria-busy'] });
      return record;
    });
    return () => seen.evaluate(({ busy }) => busy);
  }

  it('sees the newest day of the last visit before the first answer, and then the current one', async () => {
    const figures = page.getByRole('region', { name: 'The day in figures' });
    await figures.getByText('3 min', { exact: true }).waitFor();
    await page.waitForFunction(() => localStorage.getItem('newest-day')?.includes('"ledger"') === true);
    await page.setViewportSize(PHONE);
    await watchLayoutShifts(page);
    // Auth asks for the user, and Firestore waits for Auth.
    const answer = await holdAuth();
    const asked = page.waitForRequest(
      (request) => request.url().includes('accounts:lookup') && request.method() === 'POST',
    );
    await page.reload();
    await asked;
    await page.locator('.conversations li').first().waitFor();
    await figures.getByText(String(A_DAY), { exact: true }).waitFor();
    await figures.getByText('3 min', { exact: true }).waitFor();
    await page.locator('.block').first().waitFor({ state: 'attached' });
    await page.getByText('This is what this device knows of the day').waitFor();
    await assertAccessible(page, 'The day of the last visit');
    await seedJobs(uid, noon, 4);
    const wasBusy = await watchBusy(figures);
    answer();
    await figures.getByText('4 min', { exact: true }).waitFor();
    assert.equal(await wasBusy(), false, 'the sums of the last visit stay until the current ones are known');
    assert((await layoutShift(page)) < 0.02, `what is there moved by ${await layoutShift(page)}`);
    await page.setViewportSize(DESKTOP);
    await page.unroute('**/accounts:lookup*');
  });

  it('adds a recording to this device and sees it in the list before Firebase is loaded', async () => {
    const answer = await holdAuth();
    await page.reload();
    await visitor.add({ name: SAMPLE, bytes: readFileSync(path.join(SAMPLES_DIR, SAMPLE)) });
    const row = page.locator('.file-row').filter({ hasText: SAMPLE });
    await row.waitFor();
    await page.reload();
    await row.waitFor();
    answer();
    await row.getByText('done, deleted here').waitFor();
    await page.unroute('**/accounts:lookup*');
  });

  it('sees the days of a month that could be counted, and can count the others again', async () => {
    visitor.expectedErrors = /runAggregationQuery|status of 503/i;
    const begins = midnight.toISOString().slice(0, 19); // Firestore writes nanoseconds.
    let failures = 0;
    await page.route('**/*:runAggregationQuery*', async (route) => {
      if (!(route.request().postData() ?? '').includes(begins)) return route.continue();
      failures++;
      return route.fulfill({ status: 503, headers: { 'access-control-allow-origin': '*' }, body: '' });
    });
    const two = (value: number): string => String(value).padStart(2, '0');
    await visitor.goTo(`/month/${midnight.getFullYear()}-${two(midnight.getMonth() + 1)}`);
    const notice = page.getByRole('alert').filter({ hasText: 'could not be counted' });
    await notice.waitFor();
    assert(failures > 0);
    await assertAccessible(page, 'A month with days that cannot be counted');
    await page.unroute('**/*:runAggregationQuery*');
    await notice.getByRole('button', { name: 'Count again' }).click();
    await notice.waitFor({ state: 'detached' });
    const day = page.locator(`a.month-day[href$="-${two(midnight.getDate())}"]`);
    await day.getByText(`${A_DAY} conversations`).waitFor({ state: 'attached' });
  });

  it('does not wait for the sums of days before the first conversation', async () => {
    const first = Number(/_(\d+)\.bin$/.exec(SAMPLE)?.[1]) * 1000; // The recording was added above.
    /** Ends of the spans whose sums are requested, milliseconds. */
    const ends: number[] = [];
    const note = (request: Request): void => {
      if (!request.url().includes('runAggregationQuery')) return;
      const moments = (request.postData() ?? '').matchAll(/"timestampValue":"([^"]+)"/g);
      ends.push(Math.max(...[...moments].map(([, moment = '']) => Date.parse(moment))));
    };
    page.on('request', note);
    await visitor.goTo('/month/2025-06');
    await page.locator('.lead').getByText('1 conversation', { exact: false }).waitFor();
    await page.locator('nav.year').getByText('…').first().waitFor({ state: 'detached' });
    page.off('request', note);
    assert(ends.length > 0);
    assert(Math.min(...ends) > first);
  });

  it('is told that corrections cannot be read, and exports nothing without them', async () => {
    // The security rules allow this collection to no user.
    await page.route(/Firestore\/Listen/, (route) =>
      route.continue({ postData: (route.request().postData() ?? '').replaceAll('%22edits%22', '%22nothing%22') }),
    );
    await visitor.open(`/conversations/${talk?.id ?? ''}`);
    await page.getByRole('alert').getByText('Your corrections could not be read').waitFor();
    await page.locator('.sentence').getByText('Ships sail tonight.').waitFor();
    await page.getByRole('button', { name: 'Copy', disabled: true }).waitFor();
    await assertAccessible(page, 'A conversation without its corrections');
    await page.unroute(/Firestore\/Listen/);
    await page.reload();
    await untilWhole(page);
  });
});
