import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { assertAccessible } from './support/accessibility.ts';
import { becomes, fits } from './support/becomes.ts';
import { launch, PASSWORD, readStore, Visitor } from './support/browser.ts';
import { countDocuments, uidOf } from './support/operator.ts';
import { putConversations, seedJobs, seedTranscript } from './support/seed.ts';

const AT = new Date(2026, 4, 4, 9, 30);
const HOUR_MS = 3600_000;
const TEXTS = ['Ships sail tonight.', 'مرحبا بالعالم', 'See you at the harbour.'];

/** Export, import and deletion. */
describe('The conversations of a user', function () {
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;
  let email: string;
  let zip: Buffer;

  const closing = closeAfterAll();
  before('a user has three conversations, one of them corrected', async () => {
    browser = closing(await launch());
    await arrive();
    const uid = await uidOf(email);
    await visitor.openAfter(() => seed(uid), `/conversations/talk-0`);
    await page.locator('.sentence').first().click();
    await page.getByRole('button', { name: 'Correct' }).click();
    await page.getByRole('textbox', { name: 'What was said' }).fill('Ships sail tomorrow.');
    await page.getByRole('dialog').getByRole('button', { name: 'Correct' }).click();
    await page.locator('.sentence').getByText('Ships sail tomorrow.').waitFor();
    await page.getByRole('button', { name: 'Star' }).click();
    await page.getByRole('button', { name: 'Star', pressed: true }).waitFor();
  });
  beforeEach(async () => {
    await page.setViewportSize({ width: 1280, height: 860 });
    await visitor.go('Settings');
  });

  async function arrive(): Promise<void> {
    visitor = closing(await Visitor.arrive(browser));
    page = visitor.page;
    email = await visitor.signUp();
  }

  async function seed(uid: string): Promise<void> {
    for (let i = 0; i < 3; i++) {
      const startedAt = new Date(AT.getTime() + i * HOUR_MS);
      const finishedAt = new Date(startedAt.getTime() + 29_000);
      await putConversations(uid, [
        { id: `talk-${i}`, deviceId: 'pendant', startedAt, finishedAt, title: `Talk ${i}` },
      ]);
      await seedTranscript(uid, { deviceId: 'pendant', startedAt, texts: TEXTS, language: 'en' });
    }
  }

  /** Another device of the same user, on which a search has found a word. */
  async function searchingDevice(word: string): Promise<Visitor> {
    const device = await Visitor.arrive(browser);
    await signIn(device.page);
    await device.page.getByRole('navigation', { name: 'Console' }).waitFor();
    await device.go('Search');
    await device.page.getByRole('searchbox').fill(word);
    await device.page.locator('.hits a').first().waitFor();
    return device;
  }

  async function signIn(on: Page): Promise<void> {
    await on.getByLabel('E-mail').fill(email);
    await on.getByLabel('Password').fill(PASSWORD);
    await on.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  async function exportZip(): Promise<Buffer> {
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as a zip' }).click();
    return readFile(await (await download).path());
  }

  const region = () => page.getByRole('region', { name: 'Import' });

  async function importFiles(...files: { name: string; buffer: Buffer }[]): Promise<string> {
    const given = files.map((file) => ({ ...file, mimeType: 'application/octet-stream' }));
    await region().getByLabel('Zip or JSON files').setInputFiles(given);
    const result = region().locator('[role=status] .notice');
    await result.waitFor();
    return result.innerText();
  }

  /** The page shows this device's cache first, so this waits for the titles of the server. */
  async function hasTitles(...titles: readonly string[]): Promise<void> {
    await visitor.open('/day/2026-05-04');
    await page.waitForFunction(
      (wanted) => [...document.querySelectorAll('.conversations b')].map((b) => b.textContent).join() === wanted,
      titles.join(),
    );
  }

  it('is exported as a zip, and importing it into the same account adds nothing', async () => {
    zip = await exportZip();
    assert.equal(await importFiles({ name: 'all.zip', buffer: zip }), '0 added, 3 were already here.');
    await assertAccessible(page, 'The settings after an import');
  });

  it('is imported into another account once, with its corrections, and files that cannot be imported are named', async () => {
    await visitor.close();
    await arrive();
    await visitor.go('Settings');
    const broken = [
      { name: 'photo.zip', buffer: Buffer.from('no zip') },
      { name: 'notes.json', buffer: Buffer.from('{"to": "do"}') },
      { name: 'wrong.json', buffer: Buffer.from(JSON.stringify(conversation({ started_at: 'yesterday' }))) },
    ];
    const said = await importFiles({ name: 'all.zip', buffer: zip }, ...broken);
    assert.equal(said, '3 added, 3 could not be imported.');
    for (const { name } of broken) await region().getByRole('alert').getByText(name).waitFor();
    await region()
      .getByText(/started_at: a time/)
      .waitFor();
    await assertAccessible(page, 'The settings after an import with refusals');
    await page.setViewportSize({ width: 320, height: 640 });
    await fits(page, 'the result on a phone');
    await visitor.shot('imported-phone');
    assert.equal(await importFiles({ name: 'all.zip', buffer: zip }), '0 added, 3 were already here.');

    await hasTitles('Talk 0', 'Talk 1', 'Talk 2');
    await page.locator('.conversations a').first().click();
    await page.locator('.sentence').getByText('Ships sail tomorrow.').waitFor();
    await page.getByRole('button', { name: 'Star', pressed: true }).waitFor();
    await becomes(() => page.locator('.sentence').count(), 3);
    await visitor.go('Settings');
    const again = await exportZip();
    assert.deepEqual(await contentOf(again), await contentOf(zip), 'a second export is the same');
  });

  it('can be stopped during the import, and continues when the files are chosen again', async () => {
    const many = Array.from({ length: 45 }, (_, i) => {
      const at = new Date(AT.getTime() - (i + 1) * HOUR_MS).toISOString();
      return { name: `c${i}.json`, buffer: Buffer.from(JSON.stringify(conversation({ started_at: at }))) };
    });
    let calls = 0;
    await page.route('**/importConversations', async (route) => {
      if (route.request().method() === 'POST' && calls++ === 0)
        await region().getByRole('button', { name: 'Stop' }).click();
      await route.continue();
    });
    await region()
      .getByLabel('Zip or JSON files')
      .setInputFiles(many.map((file) => ({ ...file, mimeType: 'application/json' })));
    await region().getByText('It was stopped. What was imported so far is kept.').waitFor();
    await assertAccessible(page, 'The settings after a stop');
    await page.unroute('**/importConversations');
    const said = await importFiles(...many);
    assert.match(said, /^\d+ added, \d+ were already here\.$/);
    const [added = 0, known = 0] = [...said.matchAll(/\d+/g)].map(Number);
    assert.equal(added + known, 45);
    assert(known > 0, 'what was imported before the stop is kept');
  });

  it('is imported while another screen is shown, and the result is there on return', async () => {
    let elsewhere = (): void => undefined;
    const isElsewhere = new Promise<void>((resolve) => {
      elsewhere = resolve;
    });
    await page.route('**/importConversations', async (route) => {
      if (route.request().method() === 'POST') await isElsewhere;
      await route.continue();
    });
    const file = { name: 'all.zip', mimeType: 'application/zip', buffer: zip };
    await region().getByLabel('Zip or JSON files').setInputFiles(file);
    await region().getByRole('button', { name: 'Stop' }).waitFor();
    await visitor.go('Jobs');
    await page.getByRole('heading', { name: 'Jobs' }).waitFor();
    await visitor.go('Settings');
    await region().getByRole('button', { name: 'Stop' }).waitFor();
    await visitor.go('Jobs');
    elsewhere();
    await page.locator('.toast').getByText('The import has ended').waitFor();
    await visitor.go('Settings');
    await region().getByText('0 added, 3 were already here.').waitFor();
    await page.unroute('**/importConversations');
  });

  it('is found by a search on another device, which does not fill the cache that every page reads', async () => {
    const device = await searchingDevice('harbour');
    let cached: string[];
    do {
      const documents = await readStore(device.page, 'firestore/', 'remoteDocumentsV14');
      cached = documents.map((document) => (document as { collectionGroup: string }).collectionGroup);
    } while (!cached.includes('conversations')); // The first page reads the newest conversation, whose answer may come late.
    // The first page reads one document of the newest transcript, to name its transcriber. Search has read all of them.
    const transcripts = cached.filter((collection) => collection === 'segments');
    assert(transcripts.length < (await countDocuments(`users/${await uidOf(email)}/segments`)), cached.join(' '));
    await device.close();
  });

  it('is deleted as a whole once the word is typed, with its progress shown, and the account stays', async () => {
    const uid = await uidOf(email);
    await seedJobs(uid, AT, 3);
    const device = await searchingDevice('harbour');
    const open = page.getByRole('button', { name: 'Delete everything' });
    await open.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Delete everything?' });
    const confirm = dialog.getByRole('button', { name: 'Delete everything' });
    await confirm.and(page.locator(':disabled')).waitFor();
    await assertAccessible(page, 'The dialog that deletes everything');
    await visitor.shot('delete-everything');
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.activeElement?.textContent.trim() === 'Delete everything');

    await open.click();
    await dialog.getByLabel('Type “delete” to confirm').fill('delete');
    const isTold = page.getByRole('progressbar', { name: 'Deleting' });
    await page.route('**/deleteEverything', async (route) => {
      await isTold.waitFor();
      await route.continue();
    });
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('Everything was deleted').waitFor();
    await page.unroute('**/deleteEverything');
    for (const collection of ['conversations', 'segments', 'edits']) {
      assert.equal(await countDocuments(`users/${uid}/${collection}`), 0, collection);
    }
    await assertAccessible(page, 'The sign-in page after everything was deleted');
    await device.page.getByText('No results.').waitFor();
    await device.close();
    await signIn(page);
    await page.getByRole('heading', { name: 'No conversations yet' }).waitFor();
  });

  it('is deleted with the account, and signing in is then refused', async () => {
    const uid = await uidOf(email);
    await seed(uid);
    await page.getByRole('button', { name: 'Delete my account' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete your account and everything in it?' });
    await page.route('**/accounts:delete**', (route) =>
      route.fulfill({
        status: 400,
        json: { error: { code: 400, message: 'CREDENTIAL_TOO_OLD_LOGIN_AGAIN' } },
        headers: { 'access-control-allow-origin': '*' },
      }),
    );
    visitor.expectedErrors = /status of 400/;
    await dialog.getByLabel('Type “delete” to confirm').fill('Delete');
    await dialog.getByRole('button', { name: 'Delete my account' }).click();
    await dialog.getByRole('alert').getByText('sign out and in again first').waitFor();
    await assertAccessible(page, 'The dialog where a recent sign-in is needed');
    await page.unroute('**/accounts:delete**');
    await dialog.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByRole('status').getByText('Your account was deleted').waitFor();
    await signIn(page);
    await page.getByText('E-mail and password do not match.').waitFor();
    // The function that runs when an account is deleted then deletes its data.
    while ((await countDocuments(`users/${uid}/segments`)) > 0)
      await new Promise((resolve) => setTimeout(resolve, 250));
  });
});

function conversation(change: { readonly started_at: string }): object {
  const startedAt = Date.parse(change.started_at);
  const ended_at = Number.isNaN(startedAt) ? AT.toISOString() : new Date(startedAt + 2000).toISOString();
  const segments = [{ ...change, ended_at, text: 'Something else was said.' }];
  return { device_id: 'glasses', ...change, finished_at: ended_at, segments };
}

/** The JSON files of a zip by title, without the ids, which differ between accounts. */
async function contentOf(zip: Buffer): Promise<Map<string, unknown>> {
  const { Uint8ArrayReader, TextWriter, ZipReader } = await import('@zip.js/zip.js/lib/zip-core-native.js');
  const entries = await new ZipReader(new Uint8ArrayReader(zip)).getEntries();
  const files = entries.flatMap((entry) => (!entry.directory && entry.filename.endsWith('.json') ? [entry] : []));
  return new Map(
    await Promise.all(
      files.map(async (entry): Promise<[string, unknown]> => {
        const { conversation_id: _id, ...content } = JSON.parse(await entry.getData(new TextWriter())) as {
          conversation_id: string;
          title: string;
        };
        return [content.title, content];
      }),
    ),
  );
}
