import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { launch, Visitor } from './support/browser.ts';
import { uidOf } from './support/operator.ts';
import { putConversations, seedTranscript } from './support/seed.ts';

const ID = 'c'.repeat(20);
/** From a page that is zoomed to four times to a large screen: the buttons stand in three rows, in two, and in one. */
const WIDTHS = [320, 390, 480, 640, 1280];

describe('The menus of a conversation', function () {
  let browser: Browser;
  let visitor: Visitor;

  before('a visitor with a conversation', async () => {
    browser = await launch();
    visitor = await Visitor.arrive(browser);
    const uid = await uidOf(await visitor.signUp());
    const startedAt = new Date(Date.now() - 3600_000);
    const times = { startedAt, finishedAt: new Date(startedAt.getTime() + 60_000) };
    await putConversations(uid, [{ id: ID, deviceId: 'pendant', ...times, title: 'Lunch with Ada' }]);
    await seedTranscript(uid, { deviceId: 'pendant', startedAt, texts: ['Shall we have lunch?'] });
  });
  after(async () => {
    await visitor.leave();
    await browser.close();
  });

  it('stand in the window, however wide it is', async () => {
    const { page } = visitor;
    await visitor.goTo(`/conversations/${ID}`);
    await page.locator('.turn').first().waitFor();
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      for (const name of ['Export', 'Change']) {
        await page.locator('summary').getByText(name, { exact: true }).click();
        const list = page.locator('details[open] > ul');
        // Where it is put is known with the event that says that it is open.
        await page.waitForFunction(() => {
          const box = document.querySelector('details[open] > ul')?.getBoundingClientRect();
          return box !== undefined && box.left >= 0 && box.right <= innerWidth;
        });
        assert.equal(await list.getByRole('button').first().isVisible(), true);
        await page.keyboard.press('Escape');
      }
    }
  });
});
