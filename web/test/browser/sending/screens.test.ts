import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { TextWriter, Uint8ArrayReader, ZipReader } from '@zip.js/zip.js/lib/zip-core-native.js';
import type { Page } from 'playwright-core';
import { closeAfterAll } from '../../../../dev/test/closing.ts';
import { StandInControl } from '../../../../dev/deepgram/control.ts';
import { assertAccessible } from '../support/accessibility.ts';
import { becomes, fits } from '../support/becomes.ts';
import { launch, Visitor } from '../support/browser.ts';
import { assertReadsInOrder } from '../support/reading.ts';

const standIn = new StandInControl(process.env['DEEPGRAM_STANDIN_URL'] ?? '');

const LOOKS = [
  { name: 'light', colorScheme: 'light', width: 1280, height: 860 },
  { name: 'dark', colorScheme: 'dark', width: 1280, height: 860 },
  { name: 'phone', colorScheme: 'light', width: 390, height: 844 },
] as const;

/** Writes pictures of every screen to `artifacts/`. */
describe('Each screen of the console', function () {
  let visitor: Visitor;
  let page: Page;

  const closing = closeAfterAll();
  before('a user with a sample day', async () => {
    visitor = closing(await Visitor.arrive(closing(await launch())));
    page = visitor.page;
    await page.getByRole('button', { name: 'Continue as demo user' }).waitFor();
    await checkLooks('sign-in');
    await visitor.signUp();
    await page.getByRole('heading', { name: 'No conversations yet' }).waitFor();
    await checkLooks('welcome');
    await standIn.behave({ held: true });
    await page.getByRole('button', { name: 'Send a sample day' }).click();
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    await page.getByRole('progressbar').waitFor();
    await visitor.shot('jobs-under-way');
    await assertAccessible(page, 'Jobs under way');
    await standIn.reset();
    await page.locator('.chip').getByText('Done', { exact: true }).waitFor();
  });

  /** Words in buttons that are broken over two lines. */
  const brokenWords = (): Promise<string[]> =>
    page.evaluate(() => {
      const broken: string[] = [];
      for (const button of document.querySelectorAll('button, .button')) {
        const walker = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
          for (const { index, 0: word } of (node.textContent ?? '').matchAll(/[^\s-]+/g)) {
            const range = new Range();
            range.setStart(node, index);
            range.setEnd(node, index + word.length);
            if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) broken.push(word);
          }
        }
      }
      return broken;
    });

  async function checkLooks(screen: string): Promise<void> {
    for (const { name, colorScheme, width, height } of LOOKS) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await fits(page, `${screen}, ${name},`);
      await becomes(brokenWords, [], `${screen}: words of buttons are broken for ${name}`);
      await assertAccessible(page, `${screen}, ${name}`);
      // While a dialog is open, screen readers read nothing else.
      if ((await page.locator('dialog[open]').count()) === 0) await assertReadsInOrder(page, `${screen}, ${name}`);
      await visitor.shot(`${screen}-${name}`);
    }
  }

  /** Opens the day and waits until all its conversations are listed, because they move until then. */
  async function openDay(): Promise<void> {
    await visitor.go('Days');
    await page.locator('.conversations li').nth(11).waitFor();
  }

  /** Opens a conversation with several turns. */
  async function openConversation(): Promise<void> {
    await openDay();
    await page.locator('.conversations a').nth(1).click();
    await page.locator('.turn').nth(3).waitFor();
  }

  /** Waits for the recordings of the day, which are added up after its conversations are shown. */
  async function isWhole(): Promise<void> {
    await page.locator('.figures[aria-busy=false]').waitFor();
  }

  it('shows a day on its axis: recordings, speech, conversations, and the share that was billed', async () => {
    await openDay();
    await isWhole();
    const figures = await page.getByRole('region', { name: 'The day in figures' }).innerText();
    assert.match(figures, /recorded\s+10 min 2 s/);
    assert.match(figures, /billed/);
    const devices = async (): Promise<string[]> => (await page.locator('.lane-name').allTextContents()).sort();
    await becomes(devices, ['glasses', 'pendant', 'phone']);
    // The blocks are added step by step after the figures, and the speech is read last.
    await becomes(() => page.locator('.lane .block').count(), 12);
    await becomes(() => page.locator('.lane .recording').count(), 13);
    await becomes(() => page.locator('.lane-speech path[d^=M]').count(), 3);
    await checkLooks('day');
  });

  it('allows the axis to be moved and zoomed by keyboard', async () => {
    await openDay();
    const axis = page.getByRole('group', { name: /^From / });
    const shown = async (): Promise<string> => (await axis.getAttribute('aria-label')) ?? '';
    const isPart = async (): Promise<boolean> => (await page.locator('.lane .block').count()) < 12;
    await isWhole();
    await becomes(isPart, false);
    await axis.focus();
    const all = await shown();
    await page.keyboard.press('+');
    await page.keyboard.press('ArrowLeft');
    await becomes(async () => (await shown()) === all, false);
    await becomes(isPart, true);
    await page.keyboard.press('0');
    await becomes(shown, all);
  });

  it('shows a conversation', async () => {
    await openConversation();
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

  it('shows the usage', async () => {
    await visitor.go('Usage');
    await page.getByRole('row').nth(1).waitFor();
    // The sum of all days, because midnight may have passed during the transcription.
    const isAddedUp = async (): Promise<boolean> =>
      /recorded, 30 days\s+10 min/.test(await page.locator('.figures-row').innerText());
    await becomes(isAddedUp, true, 'ten minutes are recorded');
    await checkLooks('usage');
  });

  it('exports everything as one zip with readable files', async () => {
    await visitor.go('Settings');
    await page.getByRole('heading', { name: 'Export' }).waitFor();
    // The field is disabled until the preferences are known.
    await page.getByLabel('Mostly spoken').and(page.locator(':enabled')).waitFor();
    await checkLooks('settings');
    await page.getByLabel('SRT subtitles').check();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as a zip' }).click();
    const zip = new ZipReader(new Uint8ArrayReader(await readFile(await (await download).path())));
    const files = (await zip.getEntries()).filter((entry) => !entry.directory);
    const names = files.map(({ filename }) => filename);
    assert.equal(names.length, 36, 'twelve conversations in three formats');
    for (const name of names) assert.match(name, /^\d{4}-\d\d-\d\d\/\d{4}-[^/]+\.(md|json|srt)$/);
    const json = files.find(({ filename }) => filename.endsWith('.json'));
    const conversation = JSON.parse((await json?.getData(new TextWriter())) ?? '') as {
      segments: { words: unknown[] }[];
    };
    assert((conversation.segments[0]?.words.length ?? 0) > 0);
  });

  it('saves preferences for transcription', async () => {
    await visitor.go('Settings');
    await page.getByLabel('Mostly spoken').fill('klingonish');
    await page.getByRole('alert').getByText('not a language tag').waitFor();
    await page.getByLabel('Mostly spoken').fill('de');
    await page.getByLabel(/^Names and terms/).fill('Ada\nGrace Hopper\n\nAda');
    await page.getByText('2 of 100 terms').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('It applies from the next recording on').waitFor();
    await page.reload();
    await page.getByText('2 of 100 terms').waitFor();
    await becomes(() => page.getByLabel('Mostly spoken').inputValue(), 'de');
  });

  it('allows a conversation to be corrected, and undoes the correction', async () => {
    await openConversation();
    const sentence = page.locator('.sentence').first();
    const heard = ((await sentence.textContent()) ?? '').trim();
    await sentence.click();
    await page.getByRole('button', { name: 'Correct' }).click();
    await page.getByRole('textbox', { name: 'What was said' }).fill('  ');
    const submit = page.getByRole('dialog').getByRole('button', { name: 'Correct' });
    await submit.and(page.locator(':disabled')).waitFor(); // Nothing is no correction.
    const typed = 'This is what was said.';
    await page.getByRole('textbox', { name: 'What was said' }).fill(typed);
    await submit.click();
    await sentence.getByText(typed).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click(); // The message with this button is shown for some seconds.
    await becomes(async () => (await sentence.textContent())?.trim(), heard);

    await page.getByRole('button', { name: 'Correct' }).click();
    await page.getByRole('textbox', { name: 'What was said' }).fill(typed);
    await submit.click();
    await sentence.getByText(typed).waitFor();
    await checkLooks('conversation-corrected');
    await page.getByRole('button', { name: 'Who speaks?' }).click();
    await page.getByLabel('Name').fill('Ada King, Countess of Lovelace');
    await page.getByRole('button', { name: 'Save the name' }).click();
    await page.locator('.turn-head b').getByText('Ada').first().waitFor();
    const change = page.getByText('Change', { exact: true });
    await change.click();
    await page.getByRole('button', { name: 'Undo corrections' }).click();
    await checkLooks('corrections');
    await page
      .getByRole('button', { name: /^Undo: Speaker: .Ada King, Countess of Lovelace., in this conversation$/ })
      .click();
    await page.getByRole('dialog').getByRole('listitem').nth(1).waitFor({ state: 'detached' });
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Undo: / })
      .click();
    await page.getByRole('dialog').getByText('There are no corrections.').waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === 'Close');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.textContent === 'Change');
    await page.locator('.turn-head b').getByText('Ada').first().waitFor({ state: 'detached' });
    await becomes(async () => (await sentence.textContent())?.trim(), heard);

    await change.click();
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByLabel('Title').fill('Tea with Ada');
    await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('heading', { name: 'Tea with Ada' }).waitFor();
    await page.getByRole('button', { name: 'Star' }).click();
    await page.getByRole('button', { name: 'Star', pressed: true }).waitFor();
    await page.getByLabel('Add a tag').fill('tea');
    await page.getByLabel('Add a tag').press('Enter');
    await page.getByRole('button', { name: 'Remove the tag tea' }).waitFor();
    await page.locator('.toast').getByText('The tag is added.').waitFor();
    const toasts = await page.locator('.toast').count();
    assert(toasts <= 2, `${toasts} messages cover the page`);
    await page.getByRole('link', { name: 'All with the tag tea' }).click();
    await page.getByText('1 conversation,').waitFor();
    await page.locator('.hits').getByText('Tea with Ada').waitFor();
    await page.getByLabel('Only conversations with a star').check();
    await page.getByRole('combobox', { name: 'Tag' }).selectOption('');
    await page.getByText('1 conversation,').waitFor();
    await page.getByRole('searchbox').fill('tea with');
    await page.locator('.hits .overview-text mark').getByText('Tea').waitFor();
    await checkLooks('search-starred');
    await visitor.go('Days');
    await page.locator('.conversations b').getByText('Tea with Ada').waitFor();
  });

  it('says who can read a conversation before it is shared', async () => {
    await openConversation();
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByRole('button', { name: 'Make a link' }).click();
    await page.getByLabel('Link', { exact: true }).waitFor();
    await page.getByRole('button', { name: /^Withdraw/ }).waitFor();
    await checkLooks('share');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('marks the current item also in forced colours', async () => {
    await openConversation();
    await page.locator('.sentence').first().click();
    await page.locator('.sentence[aria-current]').waitFor();
    await page.emulateMedia({ forcedColors: 'active' });
    const outlines = await page.evaluate(() =>
      ['.nav-link', '.sentence'].map((what) => {
        const all = [...document.querySelectorAll(what)];
        const of = (one: Element): string =>
          `${getComputedStyle(one).outlineStyle} ${one.hasAttribute('aria-current')}`;
        return [...new Set(all.map(of))].sort();
      }),
    );
    assert.deepEqual(outlines, Array(2).fill(['none false', 'solid true']));
    await visitor.shot('forced-colours');
    await page.emulateMedia({ forcedColors: 'none' });
  });

  it('shows the ways to record', async () => {
    await visitor.go('Record');
    await page.getByRole('heading', { name: 'On this device' }).waitFor();
    await checkLooks('record');
  });

  it('is an installable app: it has a manifest, icons and a worker that opens it offline', async () => {
    const manifest = await page.evaluate(async () => {
      const href = document.querySelector<HTMLLinkElement>('link[rel=manifest]')?.href ?? '';
      return (await (await fetch(href)).json()) as { icons: { src: string; sizes: string }[]; display: string };
    });
    assert.equal(manifest.display, 'standalone');
    for (const { src } of manifest.icons)
      assert.equal(await page.evaluate(async (icon) => (await fetch(icon)).status, src), 200);
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await visitor.context.setOffline(true);
    await visitor.go('Days');
    await page.reload();
    await page.locator('.conversations li').nth(11).waitFor();
    await visitor.shot('day-offline');
    await visitor.context.setOffline(false);
  });
});
