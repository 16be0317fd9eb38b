import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { assertAccessible } from './support/accessibility.ts';
import { launch, Visitor } from './support/browser.ts';
import { uidOf } from './support/operator.ts';
import { seedJobs } from './support/seed.ts';

interface Told {
  asked: number;
  answer: NotificationPermission;
  shown: string[];
}

type Page_ = typeof globalThis & { told: Told };

/** A headless browser shows no notifications, so the test records what the page would ask and show. */
function writeDownNotices(): void {
  const page = globalThis as Page_;
  page.told = { asked: 0, answer: 'granted', shown: [] };
  const notice = Object.assign(() => undefined, {
    permission: 'default' as NotificationPermission,
    requestPermission: () => {
      page.told.asked++;
      notice.permission = page.told.answer;
      return Promise.resolve(notice.permission);
    },
  });
  Object.defineProperty(page, 'Notification', { value: notice, configurable: true });
  ServiceWorkerRegistration.prototype.showNotification = (title, options) => {
    page.told.shown.push(`${title}: ${options?.body ?? ''}`);
    return Promise.resolve();
  };
}

describe('Notifications that recordings are ready', function () {
  let visitor: Visitor;
  let page: Page;
  let uid: string;

  const closing = closeAfterAll();
  before('a user', async () => {
    visitor = closing(await Visitor.arrive(closing(await launch())));
    page = visitor.page;
    uid = await uidOf(await visitor.signUp());
    await page.addInitScript(writeDownNotices);
    await page.reload();
  });

  const told = (): Promise<Told> => page.evaluate(() => (globalThis as Page_).told);
  const setting = () => page.getByLabel('Notify me on this device when all recordings are transcribed');
  const hide = (hidden: boolean): Promise<void> =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { value, configurable: true });
    }, hidden);

  /** Adds a job that the page sees in progress. @returns a function that ends it */
  async function beginJob(): Promise<(change: object) => Promise<void>> {
    const at = new Date();
    await seedJobs(uid, at, 1, { status: 'processing', finishedAt: null });
    await page.locator('.badge').waitFor();
    return async (change) => {
      await seedJobs(uid, at, 1, change);
      await page.locator('.badge').waitFor({ state: 'detached' });
    };
  }
  const runJob = async (change: object): Promise<void> => (await beginJob())(change);
  const untilShown = async (count: number): Promise<void> => {
    await page.waitForFunction((least) => (globalThis as Page_).told.shown.length >= least, count);
    assert.equal((await told()).shown.length, count);
  };

  it('ask for permission only when they are switched on, and say if the browser forbids them', async () => {
    await visitor.go('Settings');
    await setting().waitFor();
    assert.equal((await told()).asked, 0);
    await page.evaluate(() => {
      (globalThis as Page_).told.answer = 'denied';
    });
    await setting().click();
    await page.getByText('allow it in the settings of the browser').waitFor();
    await setting().and(page.locator(':not(:checked)')).waitFor(); // What is forbidden is not ticked.
    await assertAccessible(page, 'The settings where notices are forbidden');
    await page.evaluate(() => {
      (globalThis as Page_).told.answer = 'granted';
    });
    await setting().focus();
    await page.keyboard.press('Space');
    await page.waitForFunction(() => (globalThis as Page_).told.asked === 2);
    await setting().and(page.locator(':checked')).waitFor();
  });

  it('are shown with the result when the last job ends while the page is in the background', async () => {
    await hide(true);
    await runJob({ newConversationIds: ['a', 'b'] });
    await untilShown(1);
    assert.deepEqual((await told()).shown, ['Your recordings are ready: 2 conversations.']);
    await runJob({ status: 'partial', newConversationIds: ['a'] });
    await untilShown(2);
    assert.match((await told()).shown[1] ?? '', /1 conversation\. Some could not be transcribed/);
  });

  it('are not shown while the page is visible or when they are switched off', async () => {
    // Nothing can be observed of a job that ends without a notification. When the next job is in progress, the decision about the first has
    // been made.
    await hide(false);
    await runJob({});
    const end = await beginJob();
    await hide(true);
    await end({ newConversationIds: ['b'] });
    await untilShown(3);
    await setting().uncheck();
    await runJob({});
    const endLast = await beginJob();
    await setting().check();
    await endLast({ newConversationIds: ['c'] });
    await untilShown(4);
  });
});
