import type { Page } from 'playwright-core';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { becomes } from './support/becomes.ts';
import { launch, Visitor } from './support/browser.ts';
import { uidOf } from './support/operator.ts';
import { putConversations, seedTranscript } from './support/seed.ts';

const ID = 'c'.repeat(20);
/** From a page at a zoom of 400 % to a large screen: the buttons take three rows, two or one. */
const WIDTHS = [320, 390, 480, 640, 1280];

/** Waits until the element with this tag, or with this text, has the focus. */
const hasFocus = (page: Page, wanted: { readonly tag?: string; readonly text?: string }): Promise<void> =>
  becomes(
    () =>
      page.evaluate(
        ({ tag, text }) => ({
          ...(tag === undefined ? {} : { tag: document.activeElement?.tagName }),
          ...(text === undefined ? {} : { text: document.activeElement?.textContent }),
        }),
        wanted,
      ),
    wanted,
  );

describe('The menus of a conversation', function () {
  let visitor: Visitor;

  const closing = closeAfterAll();
  before('a user with a conversation', async () => {
    visitor = closing(await Visitor.arrive(closing(await launch())));
    visitor.expectedErrors = /(edit|delete)Conversation|ERR_FAILED/; // Caused by the refusals below.
    const uid = await uidOf(await visitor.signUp());
    const startedAt = new Date(Date.now() - 3600_000);
    const times = { startedAt, finishedAt: new Date(startedAt.getTime() + 60_000) };
    await putConversations(uid, [{ id: ID, deviceId: 'pendant', ...times, title: 'Lunch with Ada' }]);
    await seedTranscript(uid, { deviceId: 'pendant', startedAt, texts: ['Shall we have lunch?'] });
  });

  it('stay within the window at any width', async () => {
    const { page } = visitor;
    await visitor.goTo(`/conversations/${ID}`);
    await page.locator('.turn').first().waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      for (const name of ['Export', 'Change']) {
        await page.locator('summary').getByText(name, { exact: true }).click();
        const list = page.locator('details[open] > ul');
        // The event that reports that the menu is open also tells its position.
        await page.waitForFunction(() => {
          const box = document.querySelector('details[open] > ul')?.getBoundingClientRect();
          return box !== undefined && box.left >= 0 && box.right <= innerWidth;
        });
        await list.getByRole('button').first().waitFor();
        await page.keyboard.press('Escape');
        await list.waitFor({ state: 'hidden' });
      }
    }
  });

  it('close with Escape, return the focus after dialogs, and say if a function does not answer', async () => {
    const { page } = visitor;
    await page.setViewportSize({ width: 1280, height: 860 });
    await visitor.goTo(`/conversations/${ID}`);
    await page.locator('.turn').first().waitFor();
    await page.getByText('Export', { exact: true }).click();
    await page.getByRole('button', { name: 'SRT' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'SRT' }).waitFor({ state: 'hidden' });
    await hasFocus(page, { tag: 'SUMMARY' });
    await page.getByText('Export', { exact: true }).click();
    await page.getByRole('button', { name: 'SRT' }).click();
    await hasFocus(page, { tag: 'SUMMARY' }); // A command gives the focus back.
    const remove = page.getByRole('button', { name: 'Delete', exact: true });
    await remove.click();
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.textContent.includes('Delete'));
    await page.route('**/deleteConversation', (route) => route.abort());
    await remove.click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByText(/does not answer.*Try again in a minute/).waitFor();
    await page.unroute('**/deleteConversation');
    await page.getByRole('button', { name: 'Dismiss' }).click();
    await page.waitForFunction(() => document.activeElement !== document.body);
  });

  it('open a dialog that keeps the focus when the service refuses, so that the user can try again', async () => {
    const { page } = visitor;
    await page.route('**/editConversation', (route) => route.abort());
    await page.locator('summary').getByText('Change', { exact: true }).click();
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel('Title').fill('Another title');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page
      .getByRole('dialog')
      .getByText(/does not answer/)
      .waitFor();
    await hasFocus(page, { text: 'Rename' });
    await page.unroute('**/editConversation');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Another title' }).waitFor();
  });
});
