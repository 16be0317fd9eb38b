import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { launch, PASSWORD, Visitor, untilRecorded } from './support/browser.ts';

const DAYS = 'Nothing has been said yet';

/** Shown when Firestore has answered that there is nothing: it takes one that works. */
async function seesDays(tab: Page): Promise<void> {
  await tab.getByRole('heading', { name: DAYS }).waitFor();
}

async function isSignedOut(tab: Page): Promise<void> {
  await tab.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
}

async function signIn(tab: Page, email: string): Promise<void> {
  await tab.getByLabel('E-mail').fill(email);
  await tab.getByLabel('Password').fill(PASSWORD);
  await tab.getByRole('button', { name: 'Sign in', exact: true }).click();
}

describe('Two tabs of the console', function () {
  let browser: Browser;
  let visitor: Visitor;
  let first: Page;
  let second: Page;
  let email: string;

  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());

  beforeEach('both signed in', async () => {
    visitor = await Visitor.arrive(browser);
    first = visitor.page;
    email = await visitor.signUp();
    second = await visitor.openTab('/jobs');
    await second.getByText('There are no jobs.').waitFor();
  });
  afterEach(() => visitor.leave());

  it('are signed out together, and either can be signed in again and works', async () => {
    await first.getByRole('button', { name: 'Sign out' }).click();
    await Promise.all([isSignedOut(first), isSignedOut(second)]);
    await signIn(second, email);
    await Promise.all([seesDays(second), seesDays(first)]);
    await second.getByRole('button', { name: 'Sign out' }).click();
    await Promise.all([isSignedOut(first), isSignedOut(second)]);
    await signIn(first, email);
    await Promise.all([seesDays(first), seesDays(second)]);
  });

  it('keep what one of them is recording when the other signs out', async () => {
    await second.getByRole('link', { name: 'Record', exact: true }).click();
    await second.getByRole('button', { name: 'Start recording' }).click();
    await untilRecorded(second, 2);
    await first.getByRole('button', { name: 'Sign out' }).click();
    await isSignedOut(second);
    await signIn(second, email);
    await second.getByRole('link', { name: 'Record', exact: true }).click();
    await second
      .locator('.file-name')
      .getByText(/^audio_web/)
      .waitFor();
    assert.equal(await second.locator('.file-name').count(), 1);
  });

  it('forget what was read before anything is read again, where signing out was cut off', async () => {
    await second.close();
    await first.evaluate(() => {
      localStorage.setItem('firestore-to-forget', '1');
    });
    await first.reload();
    await seesDays(first);
    assert.equal(await first.evaluate(() => localStorage.getItem('firestore-to-forget')), null);
  });
});
