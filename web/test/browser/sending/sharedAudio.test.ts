/** A reader without an account plays a conversation that was shared with its audio: real speech, through the deployed functions. */
import assert from 'node:assert/strict';
import { HTTP_ENDPOINTS, SHARE_TOKEN_HEADER } from 'offline-audio-sync-contract';
import type { SharedAudioView, SharedConversationView } from 'offline-audio-sync-contract';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { closeAfterAll } from '../../../../dev/test/closing.ts';
import { StandInControl } from '../../../../dev/deepgram/control.ts';
import { loadSamples, readRecording } from '../../../../dev/samples/samples.ts';
import { assertAccessible } from '../support/accessibility.ts';
import { becomes, fits } from '../support/becomes.ts';
import { launch, LIMIT_MS, ORIGIN, shotOf, Visitor } from '../support/browser.ts';

/** A dialogue of half a minute in one recording, and so in one chunk. */
const kitchen = loadSamples().find(({ scenario }) => scenario === 'kitchen');
const PHONE = { width: 320, height: 640 };

interface Played {
  players: HTMLAudioElement[];
  /** How often one of them has begun to play. A short sentence may have ended before a test looks. */
  starts: number;
  /** Every sentence that was highlighted, in order. */
  lit: string[];
}

type Listening = typeof globalThis & { played: Played };

/** Remembers the players, because audio elements that are not in the page cannot be found otherwise, and what they did. */
function rememberPlayers(): void {
  const played: Played = { players: [], starts: 0, lit: [] };
  (globalThis as Listening).played = played;
  const Native = globalThis.Audio;
  globalThis.Audio = function remembered() {
    const player = new Native();
    player.addEventListener('playing', () => played.starts++);
    played.players.push(player);
    return player;
  } as unknown as typeof Audio;
  new MutationObserver((changes) => {
    for (const { target } of changes)
      if (target instanceof HTMLElement && target.dataset['sounding'] !== undefined) played.lit.push(target.innerText);
  }).observe(document, { subtree: true, attributeFilter: ['data-sounding'] });
}

describe('A conversation that is shared with its audio', function () {
  let browser: Browser;
  let visitor: Visitor;
  let page: Page;
  let stranger: BrowserContext;
  let reader: Page;
  let link: string;

  const closing = closeAfterAll();
  before('a user whose recording became two conversations, and a reader without an account', async () => {
    assert(kitchen);
    await new StandInControl(process.env['DEEPGRAM_STANDIN_URL'] ?? '').reset();
    browser = closing(await launch());
    visitor = closing(await Visitor.arrive(browser));
    page = visitor.page;
    await visitor.signUp();
    const files = kitchen.recordings.map((recording) => ({
      name: recording.name,
      bytes: readRecording(kitchen, recording),
    }));
    await visitor.add(...files);
    await page.locator('.file-row').getByText('done, deleted here').first().waitFor();
    await visitor.open('/day/2025-06-02');
    await page.locator('.conversations a').first().click();
    await page.locator('.sentence').getByText('Coffee is ready').click();
    await page.getByRole('button', { name: 'Split here' }).click();
    await page.getByText('A new conversation begins here.').waitFor();
    await page.locator('.sentence').getByText('Coffee is ready').waitFor({ state: 'detached' });
    stranger = await browser.newContext({ viewport: PHONE, locale: 'en-GB' });
    stranger.setDefaultTimeout(LIMIT_MS);
    await stranger.addInitScript(rememberPlayers);
    reader = await stranger.newPage();
  });

  const dialog = () => page.getByRole('dialog', { name: 'Share this conversation' });
  const player = () =>
    reader.evaluate(() => {
      const { paused, src } = (globalThis as Listening).played.players.at(-1) ?? new Audio();
      return { paused, isOwn: src.startsWith('blob:') };
    });
  const lit = () => reader.locator('.sentence[data-sounding]');

  /** Does what starts the audio, and waits until it plays. */
  async function play(start: () => Promise<void>): Promise<void> {
    const before = await reader.evaluate(() => (globalThis as Listening).played.starts);
    await start();
    await reader.waitForFunction((starts) => (globalThis as Listening).played.starts > starts, before);
  }

  async function ask<View>(address: string): Promise<View> {
    const token = link.split('#')[1] ?? '';
    const response = await fetch(`${ORIGIN}${address}`, { headers: { [SHARE_TOKEN_HEADER]: token } });
    assert.equal(response.status, 200);
    return (await response.json()) as View;
  }

  it('can be shared with audio if some is kept, which is off until its owner ticks it', async () => {
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await dialog().getByText('They get no audio unless you say so').waitFor();
    const choice = dialog().getByLabel('With its audio');
    assert.equal(await choice.isChecked(), false);
    await choice.check();
    await dialog().getByText('the original audio, even where you corrected the text').waitFor();
    await page.setViewportSize(PHONE);
    await fits(page, 'the dialog on a phone');
    await assertAccessible(page, 'The dialog that shares audio');
    await page.setViewportSize({ width: 1280, height: 860 });
    await dialog().getByRole('button', { name: 'Make a link' }).click();
    link = await page.getByLabel('Link', { exact: true }).inputValue();
    await dialog().getByText(', with its audio').waitFor();
  });

  it('can be played from any sentence by keyboard, with its words highlighted, and sends requests only to the site', async () => {
    const asked: string[] = [];
    reader.on('request', (request) => asked.push(request.url()));
    await reader.goto(link);
    await reader.getByRole('group', { name: 'Listen' }).waitFor();
    await fits(reader, 'the conversation on a phone');
    await assertAccessible(reader, 'A shared conversation with audio');
    const focused = () => reader.evaluate(() => document.activeElement?.className ?? '');
    for (let i = 0; i < 20 && (await focused()) !== 'transcript'; i++) await reader.keyboard.press('Tab');
    const second = await reader.locator('.sentence').nth(1).innerText();
    for (const key of ['ArrowDown', 'ArrowDown', 'Tab']) await reader.keyboard.press(key);
    await play(() => reader.keyboard.press('Enter'));
    assert.equal((await player()).isOwn, true);
    await becomes(() => reader.evaluate(() => (globalThis as Listening).played.lit[0]), second);
    await reader.waitForFunction(() => CSS.highlights.get('sounding') !== undefined);
    await assertAccessible(reader, 'A shared conversation that is played');
    await shotOf(reader, 'shared-listening');
    // No element with the focus uses the key, so it pauses.
    await reader.evaluate(() => {
      (document.activeElement as HTMLElement).blur();
    });
    await reader.keyboard.press(' ');
    await reader.getByRole('button', { name: 'Play', exact: true }).waitFor();
    assert.equal((await player()).paused, true);
    assert(asked.length > 0 && asked.every((url) => url.startsWith('blob:') || new URL(url).origin === ORIGIN));
    assert(asked.every((url) => !url.replace(/#.*/, '').includes(link.split('#')[1] ?? '')));
  });

  it('plays real speech, and ends where the conversation ends although the recording continues', async () => {
    const { path } = HTTP_ENDPOINTS.sharedAudio;
    const shown = await ask<SharedConversationView>(HTTP_ENDPOINTS.sharedConversation.path);
    const {
      audio,
      spans,
      duration_ms: durationMs,
      content_type: type,
    } = await ask<SharedAudioView>(`${path}?audio_id=${shown.segments[0]?.audio_id ?? ''}`);
    assert.equal(type, 'audio/ogg');
    const lastMs = Date.parse(shown.finished_at) - Date.parse(shown.started_at);
    for (const span of spans) assert(span.from_ms >= 0 && span.from_ms + span.duration_ms <= lastMs + 0.01);
    const heard = await reader.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
      const sound = await new OfflineAudioContext(1, 1, 16_000).decodeAudioData(bytes.buffer);
      const loud = sound.getChannelData(0).filter((sample) => Math.abs(sample) > 0.02).length;
      return { seconds: sound.duration, loudSeconds: loud / sound.sampleRate };
    }, audio);
    assert(Math.abs(heard.seconds - durationMs / 1000) < 0.1, JSON.stringify(heard));
    assert(heard.seconds < 18 && heard.loudSeconds > 2, JSON.stringify(heard));

    await reader.locator('.sentence').last().click();
    await play(() => reader.getByRole('button', { name: 'Play from here' }).click());
    await reader.getByRole('button', { name: 'Play', exact: true }).waitFor();
    assert.equal(await lit().count(), 0);
  });

  it('says so if the audio cannot be loaded or the daily limit is reached', async () => {
    const refused = { error: { code: 'daily_budget_used', message: 'Used up.', details: [] } };
    for (const [answer, sentence] of [
      [{ status: 429, json: refused }, 'It can be played again after midnight UTC'],
      [{ status: 502, body: 'Bad gateway' }, 'The audio could not be loaded'],
    ] as const) {
      await reader.goto('about:blank');
      await reader.route('**/v2/sync/shared/audio**', (route) => route.fulfill(answer));
      await reader.goto(link);
      await reader.getByRole('button', { name: 'Play', exact: true }).click();
      await reader.getByRole('alert').getByText(sentence).waitFor();
      await assertAccessible(reader, 'A shared conversation whose audio does not come');
      await reader.unroute('**/v2/sync/shared/audio**');
    }
    await play(() => reader.getByRole('button', { name: 'Play', exact: true }).click());
    await reader.getByRole('alert').waitFor({ state: 'detached' });
  });

  it('stops as soon as its owner withdraws the link, also in an open page', async () => {
    await reader.goto('about:blank');
    await reader.goto(link);
    await reader.getByRole('group', { name: 'Listen' }).waitFor();
    await dialog()
      .getByRole('button', { name: /^Withdraw the link/ })
      .click();
    await dialog().getByText('The link no longer works.').waitFor();
    await reader.getByRole('button', { name: 'Play', exact: true }).click();
    await reader.getByRole('alert').getByText('it has expired or was withdrawn').waitFor();
    assert.equal((await player()).paused, true);
    assert.equal(await reader.locator('.sentence').count(), 0);
  });
});
