import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { closeAfterAll, closeAfterEach } from '../../../../dev/test/closing.ts';
import { StandInControl } from '../../../../dev/deepgram/control.ts';
import { loadSamples, readRecording, type Sample } from '../../../../dev/samples/samples.ts';
import { assertAccessible } from '../support/accessibility.ts';
import { becomes, untilWhole } from '../support/becomes.ts';
import { deleteAccount, setText, uidOf } from '../support/operator.ts';
import { launch, ORIGIN, Visitor, untilKept, untilRecorded } from '../support/browser.ts';

const standIn = new StandInControl(process.env['DEEPGRAM_STANDIN_URL'] ?? '');
const SAMPLES = loadSamples();

function sampleOf(scenario: string): Sample {
  const found = SAMPLES.find((sample) => sample.scenario === scenario);
  assert(found);
  return found;
}

/** The recordings of a sample, as files that are chosen from a disk. */
function filesOf(scenario: string): { name: string; bytes: Buffer }[] {
  const sample = sampleOf(scenario);
  return sample.recordings.map((recording) => ({ name: recording.name, bytes: readRecording(sample, recording) }));
}

/** Waits until the newest job has this status. */
async function jobWith(visitor: Visitor, status: string): Promise<void> {
  await visitor.go('Jobs');
  const card = visitor.page.locator('.job-card').first();
  await card.getByText(status, { exact: true }).waitFor();
  await card.getByRole('link').click();
  await visitor.page.getByRole('heading', { name: 'Recordings' }).waitFor();
}

const words = (text: string): string => text.replace(/\s+/g, ' ').trim();

describe('The console', function () {
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;

  const closingAll = closeAfterAll();
  before(async () => {
    await standIn.reset();
    browser = closingAll(await launch());
  });

  const closing = closeAfterEach();
  beforeEach(async () => {
    visitor = closing(await Visitor.arrive(browser));
    page = visitor.page;
  });
  afterEach(async () => {
    await standIn.reset();
  });

  it('is served with a policy that blocks foreign content, and answers each of its addresses with the page', async () => {
    const { headers } = await fetch(ORIGIN);
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*[; ]/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.match(headers.get('permissions-policy') ?? '', /microphone=\(self\), camera=\(\)/);
    assert.equal(headers.get('cache-control'), 'no-cache');
    const html = await (await fetch(`${ORIGIN}/day/2026-07-03`)).text();
    const asset = /\/assets\/index-[\w-]+\.js/.exec(html)?.[0] ?? '';
    assert.match((await fetch(ORIGIN + asset)).headers.get('cache-control') ?? '', /immutable/);
    assert.equal((await fetch(`${ORIGIN}/nowhere`)).status, 404);
    assert.equal((await fetch(`${ORIGIN}/v2/sync/jobs`)).status, 401, 'the API is not hidden behind it');
  });

  /** Signing out does not wait long for a deletion, which then continues. @returns the names of the page's databases that match */
  async function databases(wanted: RegExp): Promise<string[]> {
    const names = await page.evaluate(async () => (await indexedDB.databases()).map(({ name = '' }) => name));
    return names.filter((name) => wanted.test(name));
  }

  it('signs in by one click, tells what is wrong with an e-mail, and forgets who signs out', async () => {
    visitor.expectedErrors = /accounts:signInWithPassword|accounts:signUp/; // The browser logs each refusal.
    const loaded = () =>
      page.evaluate(
        () => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/auth-')).length,
      );
    // Browsers send this event for a pointer at rest. If it loaded anything, the request would come before that of the page itself, below.
    const requested: string[] = [];
    page.on('request', (request) => requested.push(request.url()));
    await page.evaluate(async () => {
      dispatchEvent(new PointerEvent('pointermove'));
      await fetch('/');
    });
    const isFirebase = (url: string): boolean => url.includes('/auth-');
    assert.deepEqual(requested.filter(isFirebase), [], 'who only looks at the page needs no Firebase');
    assert.equal(await loaded(), 0, 'who only looks at the page needs no Firebase');
    const auth = page.waitForRequest((request) => isFirebase(request.url()));
    await page.mouse.move(300, 300);
    await page.mouse.move(310, 310);
    await auth;
    await page.getByLabel('E-mail').fill('nobody@example.com');
    await page.getByLabel('Password').fill('wrong horse');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('alert').getByText('do not match').waitFor();
    await assertAccessible(page, 'Signing in');

    await page.getByRole('button', { name: 'Continue as demo user' }).click();
    await page.getByRole('navigation', { name: 'Console' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Continue as demo user' }).waitFor();
    // Auth would look for changes in its database, in every tab and all the time.
    await becomes(() => databases(/^firestore\/|^firebaseLocalStorageDb$/), []);
  });

  it('says once why the session ended when the account was deleted', async () => {
    visitor.expectedErrors = /accounts:lookup|securetoken|token/;
    await deleteAccount(await uidOf(await visitor.signUp()));
    await page.reload();
    await page.getByRole('alert').getByText('this account was deleted or disabled').waitFor();
    await becomes(() => databases(/^firestore\/|^offline-audio-sync-search\//), [], 'what was read is forgotten');
    await page.reload();
    await page.getByRole('button', { name: 'Continue as demo user' }).waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
  });

  it('turns chosen recordings into a conversation that can be read, searched, copied, exported and deleted', async () => {
    const kitchen = sampleOf('kitchen');
    const said = kitchen.words.map(({ text }) => text).join(' ');
    const uid = await uidOf(await visitor.signUp());
    await visitor.add(...filesOf('kitchen'));
    await jobWith(visitor, 'Done');
    assert.match((await page.getByRole('img', { name: /^Of / }).getAttribute('aria-label')) ?? '', /speech.*silence/);
    await page.locator('.links a').first().click();

    const lines = page.locator('.transcript .turn > p:last-child');
    await lines.first().waitFor();
    await untilWhole(page);
    assert.equal(words((await lines.allTextContents()).join(' ')), said);
    assert.equal(await page.locator('.turn-head b').first().textContent(), 'Speaker 1');

    await page.keyboard.press('/');
    const wanted = kitchen.words[3]?.text.replace(/\W/g, '') ?? '';
    await page.keyboard.type(wanted.toUpperCase());
    await page.getByText(/^1 of \d+$/).waitFor();
    const marked = page.locator('mark').first();
    await becomes(async () => (await marked.textContent())?.toLowerCase(), wanted.toLowerCase());
    await page.keyboard.press('Escape');

    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByText('on the clipboard').waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(words(copied.replace(/^Speaker \d: /gm, '')), said);

    await page.getByText('Export').click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'SRT' }).click();
    assert.match(
      await readFile(await (await download).path(), 'utf8'),
      /^1\n00:00:00,000 --> 00:00:\d\d,\d{3}\nSpeaker 1: /,
    );

    const address = new URL(page.url()).pathname;
    const hostile = '<img src=x onerror="document.body.remove()">';
    await setText(`users/${uid}${address}`, 'title', hostile);
    await page.getByRole('heading', { name: hostile }).waitFor(); // The title arrives live, and is shown as text, never as HTML.
    assert.equal(await page.locator('main img').count(), 0);

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete it' }).click();
    await page.getByText('The conversation is deleted.').waitFor();
    await page.getByText('Nothing was said in these recordings.').waitFor();
    await visitor.open(address);
    await page.getByRole('heading', { name: 'This conversation is gone' }).waitFor();
  });

  it('says without a network that a transcript may be incomplete, does not export it, and reads the rest when it is online', async () => {
    const said = sampleOf('letter')
      .words.map(({ text }) => text)
      .join(' ');
    await visitor.signUp();
    await visitor.add(...filesOf('letter'));
    await jobWith(visitor, 'Done');
    await visitor.context.setOffline(true); // The list has read the conversation, but not its transcript.
    await page.locator('.links a').first().click();
    const notice = page.getByText('it may be incomplete');
    await notice.waitFor();
    const copy = page.getByRole('button', { name: 'Copy' });
    await copy.and(page.locator(':disabled')).waitFor();
    await page.getByText('Export', { exact: true }).click();
    for (const name of ['Markdown', 'SRT', 'JSON'])
      await page.getByRole('button', { name }).and(page.locator(':disabled')).waitFor();
    await assertAccessible(page, 'A conversation without a network');

    await visitor.context.setOffline(false);
    await notice.waitFor({ state: 'detached' });
    await untilWhole(page);
    const lines = page.locator('.transcript .turn > p:last-child');
    assert.equal(words((await lines.allTextContents()).join(' ')), said);
    await copy.click();
    await page.getByText('on the clipboard').waitFor();
  });

  it('says without a network which data this device does not have, and loads it when it is online', async () => {
    await visitor.signUp();
    await page.getByRole('heading', { name: 'No conversations yet' }).waitFor();
    await visitor.context.setOffline(true);
    await visitor.goTo('/conversations/unheard-of');
    await page.getByText('this device has not kept the conversation').waitFor();
    await visitor.goTo('/day/2026-03-04');
    await page.getByText('this device has not kept the day').waitFor();
    await visitor.goTo('/jobs/unheard-of');
    await page.getByText('this device has not kept the job').waitFor();
    await visitor.context.setOffline(false);
    await page.getByRole('heading', { name: 'This job is gone' }).waitFor();
  });

  it('records without a network, survives a reload, and sends the recording when it is online', async () => {
    await visitor.signUp();
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await visitor.go('Record');
    await visitor.context.setOffline(true);
    const began = Date.now();
    await page.getByRole('button', { name: 'Start recording' }).click();
    await untilRecorded(page, 4);
    const seenAt = Date.now();
    await untilKept(page, 3);
    await page.reload(); // The recording was not stopped, and the page cannot be loaded from the network.
    const endedAt = Date.now();
    await page.getByText('A recording that was interrupted is safe').waitFor();
    const name = (await page.locator('.file-name').textContent()) ?? '';
    await page.locator('.file-row').getByText('waits to be sent').waitFor();

    const [, startedAt = ''] = /^audio_web\w+_opus_fs320_16000_1_fs320_(\d+)\.bin$/.exec(name) ?? [];
    // The recording begins after the click, and at least 3.5 s before the stopwatch showed four seconds.
    const late = Number(startedAt) - began;
    assert(late > -50 && late < seenAt - began - 3500, `the name says that capture began ${late} ms after the click`);

    await visitor.context.setOffline(false);
    await page.locator('.file-row').getByText('done, deleted here').waitFor();
    await page.getByRole('link', { name: 'Job of' }).click();
    const row = page.locator('.file-row');
    await row.getByText('transcribed').waitFor();
    const seconds = Number(/· (\d+) s ·/.exec((await row.textContent()) ?? '')?.[1]);
    const mostSeconds = (endedAt - began) / 1000;
    assert(seconds >= 3 && seconds <= mostSeconds, `${seconds} s were kept of ${mostSeconds}`);
  });

  it('says why a job failed, and retries it on request', async () => {
    await visitor.signUp();
    await standIn.behave({ match: { word: 'piano' }, status: 400 });
    await visitor.add(...filesOf('letter'));
    await jobWith(visitor, 'Partly done');
    await page.getByText('would refuse it again').first().waitFor();
    await assertAccessible(page, 'A failed job');
    await visitor.shot('job-failed');
    const sent = (await standIn.log()).requests;
    await standIn.reset();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.chip').getByText('Done', { exact: true }).waitFor();
    // Another listener reads the states of the recordings than that of the job.
    await page.getByText('refused this audio').first().waitFor({ state: 'detached' });
    await page.locator('.file-row').getByText('transcribed').first().waitFor();
    // The other process records meanwhile, and sends audio that was not sent before.
    const again = (await standIn.log()).requests.filter((request) =>
      sent.some(({ sha256 }) => sha256 === request.sha256),
    );
    assert.deepEqual(
      again.map(({ sha256 }) => sha256),
      sent.filter(({ status }) => status === 400).map(({ sha256 }) => sha256),
      'what was refused is sent again, once, and nothing else',
    );
  });

  it('says what a job waits for and until when, and cancels it', async () => {
    await visitor.signUp();
    await standIn.behave({ match: { word: 'copper' }, status: 429, retryAfter: 600 });
    await visitor.add(...filesOf('errand'));
    await jobWith(visitor, 'Waiting');
    // The service asks for ten minutes, and some more are added so that not all jobs return at once; some time has passed.
    await page.getByText(/Goes on in ([5-9]|1\d) min/).waitFor();
    await assertAccessible(page, 'A waiting job');
    await visitor.shot('job-waiting');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await page.locator('.chip').getByText('Cancelled').waitFor();
  });

  it('asks when an ordinary recording began, and refuses a file that is not audio', async () => {
    await visitor.signUp();
    const [memo] = filesOf('memo');
    await visitor.add(
      { name: 'notes.txt', bytes: Buffer.from('x') },
      { name: 'Voice memo.wav', bytes: memo?.bytes ?? Buffer.alloc(0) },
    );
    await page.getByRole('alert').getByText('notes.txt').waitFor();
    await page.getByLabel('Voice memo.wav').fill('2026-03-04T10:00:00');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page
      .locator('.file-name')
      .getByText(`Voice-memo_${new Date(2026, 2, 4, 10).getTime()}.wav`)
      .waitFor();
  });

  it('adds the valid ones of many files, and names the invalid one', async () => {
    await visitor.signUp();
    const [first, ...others] = filesOf('walk').concat(filesOf('errand'), filesOf('market'));
    const empty = { name: 'empty_1749660600.wav', bytes: Buffer.alloc(0) };
    assert(first && others.length >= 2);
    await visitor.add(first, empty, ...others);
    const refusal = page.getByRole('alert').filter({ hasText: empty.name });
    await refusal.waitFor();
    assert.match((await refusal.textContent()) ?? '', /has no bytes/);
    await page.getByText(`${others.length + 1} recordings are added.`).waitFor();
    for (const { name } of [first, ...others]) await page.locator('.file-name').getByText(name).waitFor();
    await assertAccessible(page, 'A file that was refused');
  });
});
