import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { closeAfterAll, closeAfterEach } from '../../../dev/test/closing.ts';
import { assertAccessible } from './support/accessibility.ts';
import { launch, Visitor, untilRecorded } from './support/browser.ts';

/** What the page records with. */
interface Recorded {
  contexts: AudioContext[];
  tracks: MediaStreamTrack[];
  /** Whether the platform lets audio clocks run. */
  mayRun: boolean;
  /** Whether the browser asks for permission, without an answer. */
  isAsking: boolean;
}
declare const recorded: Recorded;

/** Runs in the page before its own scripts: stores what the page records with, and lets a test act as the platform. */
function playPlatform(): void {
  const kept: Recorded = { contexts: [], tracks: [], mayRun: true, isAsking: false };
  Object.assign(globalThis, { recorded: kept });
  const { mediaDevices } = navigator;
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    if (kept.isAsking) await new Promise(() => undefined);
    const stream = await open(constraints);
    kept.tracks.push(...stream.getTracks());
    return stream;
  };
  const Native = globalThis.AudioContext;
  globalThis.AudioContext = class extends Native {
    constructor(options?: AudioContextOptions) {
      super(options);
      kept.contexts.push(this);
    }
    override resume(): Promise<void> {
      return kept.mayRun ? super.resume() : new Promise(() => undefined);
    }
  };
}

describe('A recording in a real browser', function () {
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;

  const closingAll = closeAfterAll();
  before(async () => {
    browser = closingAll(await launch());
  });

  const closing = closeAfterEach();
  beforeEach('a recording is running', async () => {
    visitor = closing(await Visitor.arrive(browser));
    page = visitor.page;
    await page.addInitScript(playPlatform);
    await page.reload();
    await visitor.signUp();
    await visitor.go('Record');
  });

  const timer = () => page.getByRole('timer');
  const start = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Start recording' }).click();
    await untilRecorded(page, 2);
  };

  it('continues after the audio clock was suspended: meanwhile the stopwatch stands still and the page says why', async () => {
    await start();
    await page.evaluate(async () => {
      recorded.mayRun = false;
      await recorded.contexts.at(-1)?.suspend();
    });
    await page.getByRole('alert').getByText('Nothing is recorded.').waitFor();
    await page.getByRole('link', { name: 'Recording interrupted' }).waitFor();
    await assertAccessible(page, 'An interrupted recording');
    await visitor.shot('recording-interrupted');
    const stood = await timer().textContent();
    await page.evaluate(
      () =>
        new Promise((resolve) => {
          setTimeout(resolve, 2500);
        }),
    );
    assert.equal(await timer().textContent(), stood);
    await page.evaluate(() => {
      recorded.mayRun = true;
    });
    await page.getByRole('alert').getByText('Nothing is recorded.').waitFor({ state: 'detached' });
    await page
      .getByRole('list', { name: 'Not recorded' })
      .getByText(/\d+ (s|min) were not recorded \(the device had paused/)
      .waitFor();
    await page.getByRole('button', { name: 'Stop recording' }).click();
    await page.locator('.file-name').nth(1).waitFor();
    const names = await page.locator('.file-name').allTextContents();
    const [second = 0, first = 0] = names.map((name) => Number(/_(\d+)\.bin$/.exec(name)?.[1]));
    assert.ok(second - first > 4000, `the second recording begins ${second - first} ms after the first`);
  });

  it('continues with another microphone when one is removed', async () => {
    await start();
    await page.evaluate(() => {
      recorded.tracks.at(-1)?.stop();
    });
    await page.getByRole('list', { name: 'Not recorded' }).getByText('unplugged or taken away').waitFor();
    await page.waitForFunction(() => recorded.tracks.length === 2);
    await untilRecorded(page, 4);
    await page.getByRole('button', { name: 'Stop recording' }).click();
    await page.locator('.file-name').nth(1).waitFor();
    await page.waitForFunction(() => recorded.tracks.every(({ readyState }) => readyState === 'ended'));
  });

  it('can be paused: the microphone is off, the page says so, and recording continues on request', async () => {
    await start();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('status').getByText('Paused.').waitFor();
    await page.getByRole('link', { name: 'Recording paused' }).waitFor();
    // The page says so at once. The microphone is closed when the audio until then is stored.
    await page.waitForFunction(() => recorded.tracks.every(({ readyState }) => readyState === 'ended'));
    await assertAccessible(page, 'A paused recording');
    await visitor.shot('recording-paused');
    const stood = await timer().textContent();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('list', { name: 'Not recorded' }).getByText('you had paused').waitFor();
    await page.waitForFunction((before) => document.querySelector('.recorder-time')?.textContent !== before, stood);
    await page.getByRole('button', { name: 'Stop recording' }).click();
    await page.locator('.file-name').nth(1).waitFor();
  });

  it('is not interrupted by a new version of the console, which is loaded when the recording ends', async () => {
    await start();
    await page.evaluate(() => {
      Object.assign(globalThis, { isSamePage: true });
      dispatchEvent(new Event('vite:preloadError'));
    });
    await page.getByText('There is a new version of the console').waitFor();
    await untilRecorded(page, 4);
    await page.getByRole('button', { name: 'Stop recording' }).click();
    await page.waitForFunction(() => !('isSamePage' in globalThis));
    // All of it is in one recording: a second row would make this ambiguous.
    await page.locator('.file-row').getByText('done, deleted here').waitFor();
  });

  it('names the browser’s question while the microphone does not open, and can be cancelled', async () => {
    await page.evaluate(() => {
      recorded.isAsking = true;
    });
    await page.getByRole('button', { name: 'Start recording' }).click();
    await page.getByText('The browser asks whether this page may use the microphone').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Start recording' }).waitFor();
  });

  it('does not begin if nothing can be kept: the page says so before, and opens no microphone', async () => {
    await page.addInitScript(() => {
      const native = indexedDB.open.bind(indexedDB);
      IDBFactory.prototype.open = (name: string, version?: number) => {
        if (name.startsWith('offline-audio-sync-recorder'))
          throw new DOMException('A private window.', 'SecurityError');
        return native(name, version);
      };
    });
    visitor.expectedErrors = /private window/i;
    await page.reload();
    await page.getByText('This browser stores nothing for this page').first().waitFor();
    await page.getByRole('button', { name: 'Start recording' }).click();
    await page.locator('.toast').getByText('nothing can be recorded').waitFor();
    assert.equal(await page.evaluate(() => recorded.tracks.length), 0);
  });
});
