/**
 * `npm run pictures`: takes the pictures of docs/images again, from the console as `npm start` shows it to a new user without a key, and
 * prints when each screen was ready. It starts its own Emulator Suite, or uses the one in which it runs (`npm run emulators:exec`). Look at
 * each picture before you commit it.
 */
import path from 'node:path';
import type { Page } from 'playwright-core';
import { since } from '../../../dev/console.ts';
import { withSuite } from '../../../dev/emulators/withSuite.ts';
import { prepareLocalModel } from '../../../dev/localModel.ts';
import { main } from '../../../dev/main.ts';
import { ROOT } from '../../../dev/paths.ts';
import { SHOWN } from '../../../dev/shown.ts';

const IMAGES = path.join(ROOT, 'docs/images');
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
/** Only ends runs that hang, milliseconds. */
const LIMIT_MS = 300_000;
/** Number of conversations of the sample day. */
const CONVERSATIONS = 12;

await main(async (signal) => {
  if (process.env['HOSTING_ORIGIN'] !== undefined) return visit();
  await prepareLocalModel(undefined);
  const options = { ports: 'free', console: true, parameters: SHOWN, transcriber: 'local', signal } as const;
  return withSuite(options, ({ env }) => {
    Object.assign(process.env, env);
    return visit();
  });
});

async function visit(): Promise<number> {
  // This module reads the suite's address when it is loaded.
  const { launch, Visitor } = await import('../browser/support/browser.ts');
  const browser = await launch();
  const started = Date.now();
  try {
    const { page } = await Visitor.arrive(browser);
    page.setDefaultTimeout(LIMIT_MS);
    await takePictures(page, (what) => {
      console.log(`${since(started).padStart(8)}  ${what}`);
    });
    return 0;
  } finally {
    await browser.close();
  }
}

async function takePictures(page: Page, tell: (what: string) => void): Promise<void> {
  const shoot = async (name: string): Promise<void> => {
    await page.screenshot({ path: path.join(IMAGES, `${name}.png`), animations: 'disabled' });
  };
  const go = (name: string): Promise<void> =>
    page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name }).click();
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.getByRole('button', { name: 'Continue as demo user' }).waitFor();
  tell('the console asks who one is');
  await page.getByRole('button', { name: 'Continue as demo user' }).click();
  await page.getByRole('button', { name: 'Send a sample day' }).waitFor();
  tell('signed in; sample recordings are one click away');
  await shoot('first-run-start');

  await page.getByRole('button', { name: 'Send a sample day' }).click();
  await page.getByRole('progressbar').waitFor();
  tell('sample day sent');
  await page.locator('.chip').getByText('Done', { exact: true }).waitFor();
  tell('every recording is transcribed');
  await go('Jobs');
  await page.locator('.card-link').click();
  await page.locator('.file-row').nth(CONVERSATIONS).waitFor();
  await untilTitled(page, '.links a');
  await shoot('job-light');

  await go('Days');
  await untilTitled(page, '.conversations b');
  await page.locator('.lane-speech path[d^=M]').nth(2).waitFor({ state: 'attached' });
  await page.locator(`.day-strip [aria-current][title^="${CONVERSATIONS} "]`).waitFor();
  tell(`the day, with its ${CONVERSATIONS} conversations`);
  await shoot('first-run-day');
  await shoot('day-light');
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await shoot('day-dark');
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });

  await page.locator('.conversations a').first().click();
  await page.locator('.turn').first().waitFor();
  await page.getByRole('button', { name: 'Play' }).waitFor();
  tell('a conversation, read');
  await shoot('first-run-conversation');
  await go('Days');
  await page.locator('.conversations a').nth(1).click();
  await page.locator('.turn').first().waitFor();
  await page.getByRole('button', { name: 'Play' }).waitFor();
  await shoot('conversation-light');
  await page.setViewportSize(PHONE);
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await page.getByRole('button', { name: 'Make a link' }).click();
  await page.getByRole('button', { name: /^Withdraw/ }).waitFor();
  await shoot('share-phone');
}

/** Titles are added a moment after a job has ended. */
async function untilTitled(page: Page, selector: string): Promise<void> {
  const isTitled = ({ selector: titles, count }: { readonly selector: string; readonly count: number }): boolean => {
    const found = [...document.querySelectorAll(titles)];
    return found.length === count && found.every(({ textContent }) => textContent.trim() !== 'Conversation');
  };
  await page.waitForFunction(isTitled, { selector, count: CONVERSATIONS });
}
