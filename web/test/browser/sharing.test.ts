import assert from 'node:assert/strict';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { assertAccessible } from './support/accessibility.ts';
import { becomes, fits } from './support/becomes.ts';
import { launch, LIMIT_MS, ORIGIN, shotOf, Visitor } from './support/browser.ts';
import { putDocuments, uidOf } from './support/operator.ts';
import { putConversations, seedTranscript } from './support/seed.ts';

const AT = new Date(2026, 4, 4, 9, 30);
const PHONE = { width: 320, height: 640 };

/** A token of the right form that belongs to no link. */
const UNKNOWN = 'x'.repeat(43);

describe('A conversation that is shared by a link', function () {
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;
  let uid: string;
  let stranger: BrowserContext;
  let reader: Page;

  const closing = closeAfterAll();
  before('a user with a conversation in two scripts, and a reader without an account', async () => {
    browser = closing(await launch());
    visitor = closing(await Visitor.arrive(browser));
    page = visitor.page;
    uid = await uidOf(await visitor.signUp());
    const finishedAt = new Date(AT.getTime() + 29_000);
    const texts = ['Ships sail tonight.', 'مرحبا بالعالم، كيف الحال؟', 'a'.repeat(200)];
    await visitor.openAfter(async () => {
      await putConversations(uid, [
        { id: 'harbour', deviceId: 'pendant', startedAt: AT, finishedAt, title: 'مكالمة في الميناء' },
      ]);
      await seedTranscript(uid, { deviceId: 'pendant', startedAt: AT, texts });
    });
    stranger = closing(await browser.newContext({ viewport: PHONE, locale: 'en-GB' }));
    stranger.setDefaultTimeout(LIMIT_MS);
    reader = await stranger.newPage();
  });
  beforeEach(async () => {
    await page.setViewportSize({ width: 1280, height: 860 });
    await visitor.open('/conversations/harbour');
    await page.locator('.sentence').first().waitFor();
  });

  const share = () => page.getByRole('button', { name: 'Share', exact: true });
  const dialog = () => page.getByRole('dialog', { name: 'Share this conversation' });

  async function makeLink(): Promise<string> {
    await share().click();
    await page.getByRole('button', { name: 'Make a link' }).click();
    const link = await page.getByLabel('Link', { exact: true }).inputValue();
    assert(link.startsWith(`${ORIGIN}/shared#`), link);
    return link;
  }

  async function withdrawAll(): Promise<void> {
    const withdraw = dialog().getByRole('button', { name: /^Withdraw the link/ });
    await withdraw.first().waitFor();
    while ((await withdraw.count()) > 0) {
      const left = await withdraw.count();
      await withdraw.first().click();
      await page.waitForFunction((count) => document.querySelectorAll('.shares li').length < count, left);
    }
  }

  it('can be read without an account on a phone, each text in its own direction, until the link is withdrawn', async () => {
    const link = await makeLink();
    assert.equal(await dialog().getByLabel('With its audio').count(), 0, 'no audio of it is kept');
    await assertAccessible(page, 'The dialog that shares');
    await visitor.shot('share-dialog');
    await page.getByRole('button', { name: 'Copy it' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);

    const asked: string[] = [];
    reader.on('request', (request) => asked.push(request.url()));
    await reader.goto(link);
    await reader.getByRole('heading', { name: 'مكالمة في الميناء' }).waitFor();
    await reader.locator('.sentence').nth(2).waitFor();
    await fits(reader, 'the conversation on a phone');
    await assertAccessible(reader, 'A shared conversation');
    await shotOf(reader, 'shared-phone');
    const directions = (): Promise<string[]> =>
      reader
        .locator('.turn > p:last-child, h1')
        .evaluateAll((all) => all.map((each) => getComputedStyle(each).direction));
    await becomes(directions, ['rtl', 'ltr', 'rtl', 'ltr']);
    const token = link.split('#')[1] ?? '';
    assert(asked.length > 0 && asked.every((url) => !new URL(url).href.replace(/#.*/, '').includes(token)));
    assert(
      asked.every((url) => new URL(url).origin === ORIGIN),
      'a stranger asks nobody but the site',
    );

    await withdrawAll();
    await dialog().getByText('The link no longer works.').waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === 'Share this conversation');
    await reader.reload();
    await reader.getByRole('alert').getByText('it has expired or was withdrawn').waitFor();
    await assertAccessible(reader, 'A link that shows nothing');
    await fits(reader, 'the sentence on a phone');
  });

  it('cannot be read by a link that has expired, is unknown or is cut off, and the page says what to do', async () => {
    const link = await makeLink();
    const id = await reader.evaluate(
      async (token) => {
        const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token));
        return btoa(String.fromCharCode(...new Uint8Array(hash)))
          .replaceAll('+', '-')
          .replaceAll('/', '_')
          .replace('=', '');
      },
      link.split('#')[1] ?? '',
    );
    const past = new Date(Date.now() - 60_000);
    const times = { startedAt: AT, finishedAt: AT, createdAt: past, expiresAt: past };
    await putDocuments([[`shared_conversations/${id}`, { uid, conversationId: 'harbour', ...times }]]);
    await dialog().getByText('No link works.').waitFor();
    for (const address of [link, `${ORIGIN}/shared#${UNKNOWN}`]) {
      await reader.goto('about:blank');
      await reader.goto(address);
      await reader.getByRole('alert').getByText('Ask the sender for a new one').waitFor();
    }
    await reader.goto(`${ORIGIN}/shared`);
    await reader.getByRole('alert').getByText('This link is incomplete').waitFor();
    await assertAccessible(reader, 'A link that is not complete');
  });

  it('is loaded later if the service does not answer, and the page says so', async () => {
    const link = await makeLink();
    await reader.goto('about:blank');
    await reader.route('**/v2/sync/shared', (route) => route.abort());
    await reader.goto(link);
    await reader.getByRole('alert').getByText('does not answer').waitFor();
    await reader.unroute('**/v2/sync/shared');
    await reader.getByRole('button', { name: 'Try again' }).click();
    await reader.locator('.sentence').first().waitFor();
    await withdrawAll();
  });

  it('can be shared by keyboard alone on the smallest phone, and the focus returns', async () => {
    await page.setViewportSize(PHONE);
    await share().focus();
    await page.keyboard.press('Enter');
    await dialog().waitFor();
    for (let i = 0; i < 10; i++) {
      if (await page.evaluate(() => document.activeElement?.tagName === 'SELECT')) break;
      await page.keyboard.press('Tab');
    }
    const tomorrow = (): string => `${new Date(Date.now() + 24 * 3600_000).getDate()} `;
    const before = tomorrow();
    await page.keyboard.press('ArrowUp'); // Selects a day instead of a week.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByLabel('Link', { exact: true }).waitFor();
    await fits(page, 'the dialog on a phone');
    await assertAccessible(page, 'The dialog that shares, on a phone');
    const until = await dialog().locator('.shares small').innerText();
    assert(until.includes(before) || until.includes(tomorrow()), until);
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.textContent.trim() === 'Share');
  });

  it('has its links also in the settings, where each can be withdrawn', async () => {
    await visitor.go('Settings');
    const links = page.getByRole('region', { name: 'Shared by a link' });
    await links
      .getByRole('link', { name: /^Conversation of 4 May 2026/ })
      .first()
      .waitFor();
    await links
      .getByRole('button', { name: /^Withdraw the link/ })
      .first()
      .click();
    await links.getByText('No link works.').waitFor();
    await assertAccessible(page, 'The settings without a link');
  });

  it('cannot be shared if the operator does not allow it, and the dialog says who can change that', async () => {
    const details = { code: 'sharing_off', message: 'Sharing is switched off here.', details: [] };
    const error = { status: 'PERMISSION_DENIED', message: 'Sharing is switched off here.', details };
    visitor.expectedErrors = /status of 403/;
    await page.route('**/shareConversation', (route) =>
      route.request().method() === 'POST'
        ? route.fulfill({ status: 403, json: { error }, headers: { 'access-control-allow-origin': '*' } })
        : route.continue(),
    );
    await share().click();
    await page.getByRole('button', { name: 'Make a link' }).click();
    await dialog().getByText('Sharing is switched off on this service').waitFor();
    await page.getByRole('button', { name: 'Make a link' }).waitFor({ state: 'detached' });
    await assertAccessible(page, 'The dialog where sharing is off');
    await page.unroute('**/shareConversation');
  });
});
