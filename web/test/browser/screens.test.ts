import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { assertAccessible } from './support/accessibility.ts';
import { launch, Visitor } from './support/browser.ts';

const LOOKS = [
  { name: 'light', colorScheme: 'light', width: 1280, height: 860 },
  { name: 'dark', colorScheme: 'dark', width: 1280, height: 860 },
  { name: 'phone', colorScheme: 'light', width: 390, height: 844 },
] as const;

/** Pictures of every screen go to `artifacts/`. */
describe('Each screen of the console', function () {
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;

  before('a visitor with a sample day', async () => {
    browser = await launch();
    visitor = await Visitor.arrive(browser);
    page = visitor.page;
    await checkLooks('sign-in');
    await visitor.signUp();
    await page.getByRole('heading', { name: 'Nothing has been said yet' }).waitFor();
    await checkLooks('welcome');
    await page.getByRole('button', { name: 'Send a sample day' }).click();
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    await page.getByRole('progressbar').waitFor();
    await visitor.shot('jobs-under-way');
    await assertAccessible(page, 'Jobs under way');
    await page.locator('.chip').getByText('Done', { exact: true }).waitFor({ timeout: 120_000 });
  });
  after(async () => {
    await visitor.leave();
    await browser.close();
  });

  async function checkLooks(screen: string): Promise<void> {
    for (const { name, colorScheme, width, height } of LOOKS) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert(overflow <= 0, `${screen} is ${overflow} px too wide for ${name}`);
      await assertAccessible(page, `${screen}, ${name}`);
      await visitor.shot(`${screen}-${name}`);
    }
  }

  it('shows a day on its axis: recordings, speech and conversations, billed against recorded', async () => {
    await visitor.go('Days');
    await page.locator('.conversations li').nth(11).waitFor();
    const figures = await page.getByRole('region', { name: 'The day in figures' }).innerText();
    assert.match(figures, /recorded\s+10 min 1\d s/);
    assert.match(figures, /billed/);
    assert.deepEqual((await page.locator('.lane-name').allTextContents()).sort(), ['glasses', 'pendant', 'phone']);
    assert.equal(await page.locator('.lane .block').count(), 12);
    assert.equal(await page.locator('.lane .recording').count(), 13);
    // Speech is read after the rest. A path has no box, so it is never visible to Playwright.
    await page.locator('.lane-speech path[d^=M]').nth(2).waitFor({ state: 'attached' });
    assert.equal(await page.locator('.lane-speech path[d^=M]').count(), 3);
    await checkLooks('day');
  });

  it('lets the axis be moved and zoomed by the keyboard', async () => {
    await visitor.go('Days');
    const axis = page.getByRole('group', { name: /^From / });
    const shown = async (): Promise<string> => (await axis.getAttribute('aria-label')) ?? '';
    await axis.focus();
    const all = await shown();
    await page.keyboard.press('+');
    await page.keyboard.press('ArrowLeft');
    assert.notEqual(await shown(), all);
    assert((await page.locator('.lane .block').count()) < 12);
    await page.keyboard.press('0');
    assert.equal(await shown(), all);
  });

  it('shows a conversation', async () => {
    await visitor.go('Days');
    await page.locator('.conversations a').nth(1).click();
    await page.locator('.turn').nth(3).waitFor();
    await checkLooks('conversation');
  });

  it('shows jobs, and where every second went', async () => {
    await visitor.go('Jobs');
    await page.locator('.job-card').waitFor();
    await checkLooks('jobs');
    await page.locator('.card-link').click();
    await page.locator('.file-row').nth(12).waitFor();
    assert.match(
      (await page.getByRole('img', { name: /^Of 10 min/ }).getAttribute('aria-label')) ?? '',
      /speech, .* silence/,
    );
    await checkLooks('job');
  });

  it('shows what was used', async () => {
    await visitor.go('Usage');
    await page.getByRole('row').nth(1).waitFor();
    assert.match(await page.getByRole('row').nth(1).innerText(), /10 min/);
    await checkLooks('usage');
  });

  it('shows where to record', async () => {
    await visitor.go('Record');
    await page.getByRole('heading', { name: 'On this device' }).waitFor();
    await checkLooks('record');
  });

  it('is an app that can be installed: it has a manifest, icons and a worker that opens it offline', async () => {
    const manifest = await page.evaluate(async () => {
      const href = document.querySelector<HTMLLinkElement>('link[rel=manifest]')?.href ?? '';
      return (await (await fetch(href)).json()) as { icons: { src: string; sizes: string }[]; display: string };
    });
    assert.equal(manifest.display, 'standalone');
    for (const { src } of manifest.icons)
      assert.equal(await page.evaluate(async (icon) => (await fetch(icon)).status, src), 200);
    await visitor.context.setOffline(true);
    await visitor.go('Days');
    await page.reload();
    await page.locator('.conversations li').nth(11).waitFor();
    await visitor.shot('day-offline');
    await visitor.context.setOffline(false);
  });
});
