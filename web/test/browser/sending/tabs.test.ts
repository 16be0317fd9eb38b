import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { closeAfterAll, closeAfterEach } from '../../../../dev/test/closing.ts';
import { loadSamples, readRecording } from '../../../../dev/samples/samples.ts';
import { launch, ORIGIN, PASSWORD, Visitor, untilRecorded } from '../support/browser.ts';
import { allowJumps, jump } from '../support/jump.ts';
import { stopPage } from '../support/stopPage.ts';

const DAYS = 'No conversations yet';
/** A tab takes over at the latest after this time without an answer from the other: a minute, and the time between two questions. */
const SILENT_MS = 75_000;

/** Waits for the text that is shown when Firestore has answered that there is no data, which needs a working client. */
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

/** Fills in and submits the form like a password manager: without a pointer, a key or the focus. */
async function signInByItself(tab: Page, email: string): Promise<void> {
  await tab.getByLabel('Password').waitFor();
  await tab.evaluate(
    ({ values }) => {
      for (const [type, value] of Object.entries(values)) {
        const input = document.querySelector<HTMLInputElement>(`input[type=${type}]`);
        if (input !== null) input.value = value;
        input?.dispatchEvent(new Event('input', { bubbles: true }));
      }
    },
    { values: { email, password: PASSWORD } },
  );
  await tab.evaluate(() => {
    document.querySelector('form')?.requestSubmit();
  });
}

describe('Two tabs of the console', function () {
  let browser: Browser;
  let visitor: Visitor;
  let first: Page;
  let second: Page;
  let email: string;

  const closingAll = closeAfterAll();
  before(async () => {
    browser = closingAll(await launch());
  });

  const closing = closeAfterEach();
  beforeEach('both tabs are signed in', async () => {
    visitor = closing(await Visitor.arrive(browser));
    first = visitor.page;
    email = await visitor.signUp();
    second = await visitor.openTab('/jobs');
    await second.getByText('There are no jobs.').waitFor();
  });

  it('are signed out together, and the user can sign in again in either', async () => {
    await first.getByRole('button', { name: 'Sign out' }).click();
    await Promise.all([isSignedOut(first), isSignedOut(second)]);
    await signInByItself(second, email);
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
    await visitor.go('Record');
    await first.getByRole('button', { name: 'Start recording' }).click();
    await first.locator('.toast').getByText('Another tab is recording already.').waitFor();
    await first.getByRole('button', { name: 'Sign out' }).click();
    await isSignedOut(second);
    await signIn(second, email);
    await second.getByRole('link', { name: 'Record', exact: true }).click();
    await second
      .locator('.file-name')
      .getByText(/^audio_web/)
      .waitFor();
    // A second recording would make this ambiguous.
    await second.locator('.file-row').getByText('done, deleted here').waitFor();
  });

  it('take over sending from a frozen tab, which sends nothing again when it continues', async function () {
    const elsewhere = 'Another tab of the console sends the recordings.';
    const isDone = (tab: Page) => tab.locator('.file-row').getByText('done, deleted here').nth(1);
    await allowJumps(second);
    await second.goto(`${ORIGIN}/record`);
    await second.getByText(elsewhere).waitFor();
    const sent: string[] = [];
    let goOn: () => void = () => undefined;
    const stopped = new Promise<void>((resolve, reject) => {
      void visitor.context.route(/sync\/upload|syncUpload/, async (route) => {
        const request = route.request();
        if (request.method() !== 'POST') return route.continue();
        sent.push((await request.allHeaders())['idempotency-key'] ?? '');
        if (sent.length > 1) return route.continue();
        // The server has received the recording, and the tab freezes before it gets the answer.
        const response = await route.fetch();
        await stopPage(browser, first, [second]).then((wake) => {
          goOn = wake;
          resolve();
        }, reject);
        return route.fulfill({ response });
      });
    });
    const [one, another] = loadSamples().flatMap((sample) =>
      sample.recordings.map((recording) => ({ name: recording.name, bytes: readRecording(sample, recording) })),
    );
    assert(one && another);
    await visitor.add(one);
    await stopped;
    try {
      const mimeType = 'application/octet-stream';
      await second.getByLabel('Choose files').setInputFiles({ name: another.name, mimeType, buffer: another.bytes });
      await second.locator('.file-name').getByText(another.name).waitFor();
      await jump(second, SILENT_MS);
      await second.getByText(elsewhere).waitFor({ state: 'detached' });
      await isDone(second).waitFor();
      assert.deepEqual(new Set(sent).size, 2, 'two batches');
      assert.equal(sent.filter((key) => key === sent[0]).length, 2, 'the first of them is sent again by the other tab');
    } finally {
      goOn();
    }
    const total = sent.length;
    await first.getByText(elsewhere).waitFor();
    await isDone(first).waitFor();
    const held = await second.evaluate(async () => (await navigator.locks.query()).held ?? []);
    assert.equal(held.filter(({ name }) => name?.startsWith('offline-audio-sync/')).length, 1);
    assert.equal(sent.length, total, 'it sends nothing again');
    await second.close();
    await first.getByText(elsewhere).waitFor({ state: 'detached' });
  });

  it('delete the cache before anything is read again if signing out was interrupted', async () => {
    await second.close();
    await first.evaluate(() => {
      localStorage.setItem('firestore-to-forget', '1');
    });
    await first.reload();
    await seesDays(first);
    await first.waitForFunction(() => localStorage.getItem('firestore-to-forget') === null);
  });
});
