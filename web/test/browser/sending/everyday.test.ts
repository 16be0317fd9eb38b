import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { TextWriter, Uint8ArrayReader, ZipReader } from '@zip.js/zip.js/lib/zip-core-native.js';
import type { ExportedConversation } from 'offline-audio-sync-contract';
import type { Page } from 'playwright-core';
import { closeAfterAll } from '../../../../dev/test/closing.ts';
import { StandInControl } from '../../../../dev/deepgram/control.ts';
import { loadSamples, readRecording } from '../../../../dev/samples/samples.ts';
import { wavFile } from '../../../../dev/samples/encode.ts';
import { assertAccessible } from '../support/accessibility.ts';
import { fits } from '../support/becomes.ts';
import { launch, Visitor, untilRecorded } from '../support/browser.ts';
import { putDocuments, putObject, uidOf } from '../support/operator.ts';
import { putConversations, seedTranscript } from '../support/seed.ts';

const AT = new Date(2026, 4, 4, 9, 30);
const SAMPLES = loadSamples();

/** Recordings of a sample, as files that are chosen from a disk. */
function filesOf(scenario: string): { name: string; bytes: Buffer }[] {
  const sample = SAMPLES.find((one) => one.scenario === scenario);
  assert(sample);
  return sample.recordings.map((recording) => ({ name: recording.name, bytes: readRecording(sample, recording) }));
}

type Watching = typeof globalThis & { complaints: string[] };

/** Collects every message of the page that the service was not reached. */
function watchComplaints(): void {
  const page = globalThis as Watching;
  page.complaints = [];
  const look = (): void => {
    const found = /[^.]*(could not be reached|does not answer|cannot be reached)[^.]*/i.exec(document.body.innerText);
    if (found !== null) page.complaints.push(found[0]);
  };
  addEventListener('DOMContentLoaded', () => {
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
}

describe('Everyday use', function () {
  let visitor: Visitor;
  let page: Page;
  let uid: string;

  const closing = closeAfterAll();
  before('a user', async () => {
    await new StandInControl(process.env['DEEPGRAM_STANDIN_URL'] ?? '').reset();
    visitor = closing(await Visitor.arrive(closing(await launch())));
    page = visitor.page;
    uid = await uidOf(await visitor.signUp());
    await page.addInitScript(watchComplaints);
    await page.reload();
    await page.getByRole('navigation', { name: 'Console' }).waitFor();
  });

  const isDone = (name: string | RegExp): Promise<void> =>
    page.locator('.file-row').filter({ hasText: name }).getByText('done, deleted here').first().waitFor();

  const complaints = (): Promise<string[]> => page.evaluate(() => (globalThis as Watching).complaints);

  it('sends chosen recordings and shows the progress, without a message that the service was not reached', async () => {
    let isSeen = false;
    const posted: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST') posted.push(request.url());
    });
    await page.route(/sync\/upload|syncUpload/, async (route) => {
      if (!isSeen && route.request().method() === 'POST') {
        isSeen = true;
        await page.getByRole('progressbar', { name: 'Sending' }).waitFor();
        await page
          .getByText(/^\d+ of \d+ recordings? sent, /)
          .first()
          .waitFor();
        await assertAccessible(page, 'Recordings on their way');
      }
      await route.continue();
    });
    await visitor.open('/record'); // A page that is open already may send requests that its routes do not see.
    const chosen = filesOf('walk');
    await visitor.add(...chosen);
    for (const { name } of chosen) await isDone(name);
    await page.unroute(/sync\/upload|syncUpload/);
    await page.getByRole('progressbar', { name: 'Sending' }).waitFor({ state: 'detached' });
    assert(isSeen, `no upload was seen among ${JSON.stringify(posted)}`);
    assert.deepEqual(await complaints(), []);
  });

  it('sends dropped recordings, without a message that the service was not reached', async () => {
    await visitor.go('Record');
    const [dropped] = filesOf('errand');
    assert(dropped);
    await page.evaluate(
      ({ name, bytes }) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], name));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
      },
      { name: dropped.name, bytes: dropped.bytes.toString('base64') },
    );
    await isDone(dropped.name);
    assert.deepEqual(await complaints(), []);
  });

  it('sends what the microphone records, without a message that the service was not reached', async () => {
    await visitor.go('Record');
    await page.getByRole('button', { name: 'Start recording' }).click();
    await untilRecorded(page, 3);
    await page.getByRole('button', { name: 'Stop recording' }).click();
    await page.getByText('The recording is kept').waitFor();
    await isDone(/audio_web/);
    assert.deepEqual(await complaints(), []);
  });

  it('can pause a recording: the stopwatch stands still, nothing is recorded, and it continues from there', async () => {
    await visitor.go('Record');
    await page.getByRole('button', { name: 'Start recording' }).click();
    await untilRecorded(page, 2);
    await page.getByRole('button', { name: 'Pause' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('Paused.').waitFor();
    const paused = await page.getByRole('timer').innerText();
    await page.setViewportSize({ width: 320, height: 640 });
    await fits(page, 'the pause on a phone');
    await page.setViewportSize({ width: 1280, height: 860 });
    assert.equal(await page.getByRole('timer').innerText(), paused);
    await page.keyboard.press('Enter'); // The same button resumes.
    await untilRecorded(page, Number(paused.split(':')[1]) + 2);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Stop recording' }).click();
    await page.getByText('The recording is kept').first().waitFor();
    await page.getByRole('button', { name: 'Start recording' }).waitFor();
  });

  it('plays a conversation from a sentence, and highlights the word that sounds', async () => {
    const keptFrom = new Date(AT.getTime() + 10_000);
    const keptUntil = new Date(AT.getTime() + 40_000);
    const finishedAt = new Date(AT.getTime() + 49_000);
    await visitor.openAfter(async () => {
      await putConversations(uid, [{ id: 'heard', deviceId: 'pendant', startedAt: AT, finishedAt, title: 'Heard' }]);
      const texts = ['Ships sail tonight.', 'See you there.', 'Good night.'];
      // Older audio is deleted first, and the latest may not be kept any more.
      await seedTranscript(uid, { deviceId: 'pendant', startedAt: AT, texts: ['Not kept.'], chunkId: 'gone' });
      await seedTranscript(uid, { deviceId: 'pendant', startedAt: keptUntil, texts: ['Nor this.'], chunkId: 'late' });
      await seedTranscript(uid, { deviceId: 'pendant', startedAt: keptFrom, texts });
      const audio = wavFile([new Uint8Array(30 * 32_000)]);
      const path = `audio/${uid}/heard.flac`;
      await putObject(path, 'audio/wav', audio);
      const spans = [{ recordingId: 'rpendant', fromMs: 0, audioMs: 0, durationMs: 30_000 }];
      const times = { createdAt: AT, expiresAt: new Date(Date.now() + 24 * 3600_000) };
      const kept = { path, contentType: 'audio/wav', bytes: audio.length, durationMs: 30_000, spans, ...times };
      await putDocuments([[`users/${uid}/audio/c`, kept]]);
    }, '/conversations/heard');
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.locator('.sentence[data-sounding]').getByText('Ships sail tonight.').waitFor();
    await page.locator('.sentence').nth(2).click();
    await page.getByRole('button', { name: 'Play from here' }).click();
    await page.locator('.sentence[data-sounding]').getByText('See you there.').waitFor();
    await page.getByRole('button', { name: 'Next sentence' }).click();
    await page.locator('.sentence[data-sounding]').getByText('Good night.').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    // While the audio is paused, the highlight stays until it is looked at.
    await page.locator('.sentence[data-sounding]').getByText('Good night.').waitFor();
    await page.getByLabel('Speed').selectOption('1.5');
    await page.getByLabel('Skip pauses').check();
    await assertAccessible(page, 'A conversation that is played');
    await visitor.shot('listening');
  });

  it('exports what the day shows, including a conversation over midnight, and says if the dates are in the wrong order', async () => {
    const midnight = new Date(2026, 4, 4).getTime();
    const [startedAt, finishedAt] = [new Date(midnight - 300_000), new Date(midnight + 300_000)];
    const overnight = { id: 'overnight', deviceId: 'phone', startedAt, finishedAt, title: 'Overnight' };
    await visitor.openAfter(() => putConversations(uid, [overnight]), '/day/2026-05-04');
    await page.getByText('conversations, 1 from the day before').waitFor();
    await page.getByRole('link', { name: 'Export this day' }).click();
    await page.getByLabel('From', { exact: true }).fill('2026-05-05');
    await page.getByRole('alert').getByText('later than the last one').waitFor();
    await page.getByRole('button', { name: 'Save as a zip', disabled: true }).waitFor();
    await page.getByLabel('From', { exact: true }).fill('2026-05-04');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as a zip' }).click();
    const zip = new ZipReader(new Uint8ArrayReader(await readFile(await (await download).path())));
    const names = (await zip.getEntries()).map(({ filename }) => filename.replace(/-[^-]*$/, ''));
    assert.deepEqual([...new Set(names)].sort(), ['2026-05-03/2355-overnight', '2026-05-04/0930-heard']);
  });

  it('exports the audio on request, with its place in the recordings', async () => {
    await visitor.go('Settings');
    await page.getByLabel(/^The audio that this service has kept/).check();
    for (const label of ['From', 'To']) await page.getByLabel(label, { exact: true }).fill('2026-05-04');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as a zip' }).click();
    const zip = new ZipReader(new Uint8ArrayReader(await readFile(await (await download).path())));
    const files = (await zip.getEntries()).filter((entry) => !entry.directory);
    const audio = files.find(({ filename }) => /^2026-05-04\/0930-heard-[^/]*-1\.flac$/.test(filename));
    assert.equal(audio?.uncompressedSize, 30 * 32_000 + 44);
    const json = files.find(({ filename }) => filename.endsWith('.json'));
    const taken = JSON.parse((await json?.getData(new TextWriter())) ?? '') as ExportedConversation;
    const spans = [{ recording_id: 'rpendant', from_ms: 0, audio_ms: 0, duration_ms: 30_000 }];
    assert.deepEqual(taken.audio, [{ file: audio.filename.split('/')[1], spans }]);
  });

  it('splits a conversation at a sentence, and merges the two again', async () => {
    await visitor.open('/conversations/heard');
    await page.getByLabel('Skip pauses').waitFor();
    const isListening = [page.getByLabel('Speed').inputValue(), page.getByLabel('Skip pauses').isChecked()];
    assert.deepEqual(await Promise.all(isListening), ['1.5', true], 'it is listened to as the last one was');
    await page.locator('.sentence').nth(1).click();
    await page.getByRole('button', { name: 'Split here' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.sentence').length === 1);
    await page.waitForFunction(() => document.activeElement?.className === 'transcript');
    await visitor.open('/day/2026-05-04');
    const parts = page.locator('.conversations li').filter({ hasNotText: 'Overnight' });
    await parts.nth(1).getByRole('link').click();
    await page.locator('.sentence').getByText('See you there.').waitFor();
    await page.getByText('Change', { exact: true }).click();
    await page.getByRole('button', { name: /^Merge with the one of/ }).click();
    await page.waitForURL('**/conversations/heard');
    await page.locator('.sentence').nth(4).waitFor();
  });

  it('keeps what is typed when another tab changes the same sentence, splits or merges, and says so', async () => {
    const other = await visitor.openTab('/conversations/heard');
    await page.locator('.sentence').getByText('See you there.').click();
    await page.getByRole('button', { name: 'Correct' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('See you at the pier.');

    await other.locator('.sentence').getByText('See you there.').click();
    await other.getByRole('button', { name: 'Correct' }).click();
    await other.getByRole('dialog').getByRole('textbox').fill('See you then.');
    await other.getByRole('dialog').getByRole('button', { name: 'Correct' }).click();
    await dialog.getByRole('status').getByText('changed elsewhere to “See you then.”').waitFor();
    await assertAccessible(page, 'A dialog about what was changed elsewhere');
    await other.route('**/editConversation', async (route) => {
      await other.getByText('The change is being saved').waitFor();
      await route.continue();
    });
    await other.getByRole('button', { name: 'Split here' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.sentence').length === 2);
    await other.getByText('A new conversation begins here.').waitFor();
    await other.getByText('The change is being saved').waitFor({ state: 'detached' });
    assert.equal(await dialog.getByRole('textbox').inputValue(), 'See you at the pier.');
    await dialog.getByRole('button', { name: 'Correct' }).click();
    await page.getByText('The sentence is corrected.').waitFor();

    await page.locator('.sentence').first().click();
    await page.locator('.sentence-bar').waitFor();
    for (const size of [
      { width: 320, height: 215 },
      { width: 390, height: 844 },
      { width: 1280, height: 860 },
    ]) {
      await page.setViewportSize(size);
      const { bar, toasts } = await page.evaluate(() => ({
        bar: document.querySelector('.sentence-bar')?.getBoundingClientRect().toJSON() as DOMRect,
        toasts: document.querySelector('.toasts')?.getBoundingClientRect().toJSON() as DOMRect,
      }));
      assert(bar.height < size.height / 3, `the bar covers the page at ${size.width} × ${size.height}`);
      assert(toasts.bottom <= bar.top || toasts.top >= bar.bottom, `a message is over the bar at ${size.width} px`);
    }
    await visitor.goTo('/day/2026-05-04');
    await page.locator('.conversations li').filter({ hasNotText: 'Overnight' }).nth(1).getByRole('link').click();
    await page.locator('.sentence').getByText('See you at the pier.').waitFor();
    await page.getByText('Change', { exact: true }).click();
    await page.getByRole('button', { name: 'Rename' }).click();
    await dialog.getByRole('textbox').fill('At the pier');
    await other.unroute('**/editConversation');
    await other.goto(page.url());
    await other.getByText('Change', { exact: true }).click();
    await other.getByRole('button', { name: /^Merge with the one of/ }).click();
    await other.waitForURL('**/conversations/heard');
    assert.equal(await dialog.getByRole('textbox').inputValue(), 'At the pier');
    await dialog.getByRole('button', { name: 'Rename' }).click();
    await page.waitForURL('**/conversations/heard');
    await page.getByRole('heading', { name: 'At the pier' }).waitFor();
    await other.close();

    await visitor.context.setOffline(true);
    await page.getByRole('button', { name: 'Star' }).click();
    const noConnection = page.locator('.toast').getByText('There is no connection.');
    await noConnection.waitFor();
    await visitor.context.setOffline(false);
    await noConnection.waitFor({ state: 'detached' });
  });
});
