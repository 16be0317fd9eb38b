import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeAfterAll } from './closing.ts';
import { StandInControl } from '../deepgram/control.ts';
import { type StandIn, startDeepgramStandIn } from '../deepgram/server.ts';
import { frameFile } from '../samples/encode.ts';
import type { Sidecar } from '../samples/samples.ts';
import { oggPages, writePages } from './oggWriter.ts';
import { dialogue, FULL, kitchen, post, readMemo, recordingOf, refusal, type Transcript } from './standInSupport.ts';

describe('the Deepgram stand-in', function () {
  let standIn: StandIn;
  let control: StandInControl;

  const closing = closeAfterAll();
  before(async () => {
    standIn = closing(await startDeepgramStandIn({ quiet: true }));
    control = new StandInControl(standIn.url);
  });
  beforeEach(() => control.reset());

  const listen = (body: Buffer, query?: string, headers?: Record<string, string>): Promise<Response> =>
    post(standIn.url, body, query, headers);

  describe('log', () => {
    it('has one entry a request, with what it cost, and no words or keys', async () => {
      await listen(dialogue(), FULL, { authorization: 'Token my-secret' });
      const { requests, maxConcurrent } = await control.log();
      const [entry] = requests;
      assert.ok(entry);
      assert.equal(requests.length, 1);
      assert.equal(maxConcurrent, 1);
      assert.equal(entry.bytes, dialogue().length);
      assert.equal(entry.audioSeconds, recordingOf(kitchen).durationMs / 1000);
      assert.equal(entry.billedSeconds, entry.audioSeconds);
      assert.equal(entry.words, kitchen.words.length);
      assert.deepEqual(entry.query['keyterm'], ['owl']);
      assert.deepEqual([entry.status, entry.outcome, entry.nth], [200, 'answered', 1]);
      assert.doesNotMatch(JSON.stringify(entry), /secret|shutters/);
    });

    it('knows how many requests were open at once', async () => {
      await control.behave({ times: 3, hang: true });
      const leaving = new AbortController();
      const hung = [1, 2, 3].map(() => fetch(`${standIn.url}/v1/listen?${FULL}`, hanging(leaving.signal)));
      while ((await control.log()).requests.length < 3);
      leaving.abort();
      await Promise.allSettled(hung);
      while ((await control.log()).requests.some(({ outcome }) => outcome === 'open'));
      await listen(dialogue());
      assert.equal((await control.log()).maxConcurrent, 3);
    });
  });

  describe('behaviours', () => {
    it('answer as many requests as requested with an error and Retry-After', async () => {
      await control.behave({ times: 2, status: 429, retryAfter: 7 }, { times: 1, status: 402 });
      for (let i = 0; i < 2; i++) {
        const response = await listen(dialogue());
        assert.equal(response.headers.get('retry-after'), '7');
        assert.equal((await refusal(response, 429)).err_code, 'TOO_MANY_REQUESTS');
      }
      assert.equal((await refusal(await listen(dialogue()), 402)).err_code, 'ASR_PAYMENT_REQUIRED');
      assert.equal((await listen(dialogue())).status, 200);
      const { requests } = await control.log();
      assert.deepEqual(
        requests.map(({ billedSeconds }) => billedSeconds > 0),
        [false, false, false, true],
      );
    });

    it('hold for audio in which a word is said, and for no other', async () => {
      await control.behave({ match: { word: 'shutters' }, status: 500 });
      assert.deepEqual([(await listen(readMemo())).status, (await listen(dialogue())).status], [200, 500]);
    });

    it('hold for the nth request, or for one audio', async () => {
      const sha256 = createHash('sha256').update(readMemo()).digest('hex');
      await control.behave({ match: { nth: 2 }, status: 500 }, { match: { sha256 }, status: 503 });
      const statuses = [await listen(dialogue()), await listen(dialogue()), await listen(readMemo())].map(
        ({ status }) => status,
      );
      assert.deepEqual(statuses, [200, 500, 503]);
    });

    it('never answer, until the client gives up', async () => {
      await control.behave({ hang: true });
      const leaving = new AbortController();
      const request = fetch(`${standIn.url}/v1/listen?${FULL}`, hanging(leaving.signal));
      while ((await control.log()).requests.length < 1);
      assert.deepEqual(
        (await control.log()).requests.map(({ outcome, status }) => [outcome, status]),
        [['open', null]],
      );
      leaving.abort();
      await assert.rejects(request, { name: 'AbortError' });
    });

    it('keep their answers until there are other rules', async () => {
      await control.behave({ times: 1, held: true });
      const held = listen(dialogue());
      while ((await control.log()).requests.length < 1);
      assert.equal((await listen(dialogue())).status, 200);
      assert.deepEqual(
        (await control.log()).requests.map(({ outcome }) => outcome),
        ['open', 'answered'],
      );
      await control.behave();
      assert.equal((await held).status, 200);
    });

    it('break off in the middle of an answer that is billed', async () => {
      await control.behave({ closeMidBody: true });
      await assert.rejects(async () => (await listen(dialogue())).text());
      const { requests } = await control.log();
      assert.ok((requests[0]?.billedSeconds ?? 0) > 0);
      assert.equal(requests[0]?.outcome, 'broken');
    });

    it('answer 200 without results', async () => {
      await control.behave({ emptyOk: true });
      const response = await listen(dialogue());
      assert.equal(response.status, 200);
      assert.deepEqual(await response.json(), {});
    });

    it('that do not exist are refused', async () => {
      await assert.rejects(control.behave({ statsu: 500 } as never), /400/);
    });
  });

  describe('registered samples', () => {
    const frames = Array.from({ length: 100 }, (_, i) => Uint8Array.from([8 << 3, i, 77]));
    const sidecar: Sidecar = {
      scenario: 'synthetic',
      about: '',
      deviceId: 'test',
      language: 'fr',
      recordings: [
        {
          name: 'a.bin',
          codec: 'opus',
          sampleRate: 16_000,
          channels: 1,
          frameSize: 160,
          startedAtMs: 1_750_000_000_000,
          durationMs: 1000,
          tornBytes: 0,
          lostFrames: [],
        },
      ],
      words: [{ text: 'Bonjour!', startMs: 1_750_000_000_200, endMs: 1_750_000_000_600, speaker: 'a' }],
      conversations: [],
    };

    it('are recognised from then on, and may be registered again', async () => {
      await control.register(sidecar, { 'a.bin': frameFile(frames) });
      await control.register(sidecar, { 'a.bin': frameFile(frames) });
      const ogg = writePages(oggPages(frames.map((bytes) => ({ bytes, samples: 480 }))));
      const { results } = (await (await listen(ogg)).json()) as Transcript;
      const [alternative] = results.channels[0]?.alternatives ?? [];
      assert.deepEqual(alternative?.languages, ['fr']);
      assert.deepEqual(
        alternative.words.map(({ punctuated_word, start, end }) => [punctuated_word, start, end]),
        [['Bonjour!', 0.2, 0.6]],
      );
    });

    it('are refused if they contradict known samples or themselves', async () => {
      await assert.rejects(
        control.register({ ...sidecar, words: [] }, { 'a.bin': frameFile(frames) }),
        /other content/,
      );
      await assert.rejects(control.register({ ...sidecar, scenario: 'torn' }, { 'a.bin': Buffer.alloc(3) }));
      await assert.rejects(control.register({ ...sidecar, scenario: 'missing' }, {}), /a\.bin/);
    });
  });

  it('breaks off open requests when it closes', async () => {
    const other = await startDeepgramStandIn({ quiet: true });
    await new StandInControl(other.url).behave({ hang: true });
    const request = post(other.url, dialogue());
    const broken = assert.rejects(request);
    await other.close();
    await broken;
  });
});

function hanging(signal: AbortSignal): RequestInit {
  return { method: 'POST', headers: { authorization: 'Token key' }, body: dialogue(), signal };
}
