import assert from 'node:assert/strict';
import { audioOffset, instantOf } from 'offline-audio-sync-contract';
import type { SharedAudioView, SharedConversationView } from 'offline-audio-sync-contract';
import { audibleSentences, readSharedAudio, ShareEnded } from '../../src/sync/sharedAudio.ts';

const ANSWER: SharedAudioView = {
  content_type: 'audio/ogg',
  duration_ms: 1500,
  spans: [
    { from_ms: 0, audio_ms: 0, duration_ms: 1000 },
    { from_ms: 9000, audio_ms: 1000, duration_ms: 500 },
  ],
  audio: Buffer.from([0, 1, 255]).toString('base64'),
};

describe('The audio of a shared link', () => {
  const { fetch } = globalThis;
  afterEach(() => {
    globalThis.fetch = fetch;
  });
  const answer = (status: number, body: object): void => {
    globalThis.fetch = () => Promise.resolve(Response.json(body, { status }));
  };
  const problem = (code: string) => ({ error: { code } });

  it('has the position of each sentence, by the same map as the user’s own audio', async () => {
    const at = (ms: number): string => new Date(Date.UTC(2026, 4, 4) + ms).toISOString();
    const segment = { text: 'Ships sail.', speaker: null, speaker_name: null, words: [['Ships', 0, 400]] as const };
    const shared: SharedConversationView = {
      ...{ title: null, language: null, is_cut: false, expires_at: at(1e9) },
      ...{ started_at: at(0), finished_at: at(9500) },
      segments: [
        { ...segment, started_at: at(200), ended_at: at(900), audio_id: 'a' },
        { ...segment, started_at: at(2000), ended_at: at(2100), audio_id: null, words: null },
        { ...segment, started_at: at(9100), ended_at: at(9500), audio_id: 'a' },
      ],
    };
    answer(200, ANSWER);
    const audio = await readSharedAudio('token', 'a');
    assert.deepEqual(new Uint8Array(await audio!.blob.arrayBuffer()), Uint8Array.of(0, 1, 255));
    assert.equal(audio!.blob.type, 'audio/ogg');
    const sentences = audibleSentences(shared);
    const places = sentences.map(({ recordingId, recordingStartedAt, startedAt }) =>
      audioOffset(audio!, { recordingId, recordingStartedAt: instantOf(recordingStartedAt) }, startedAt),
    );
    assert.deepEqual(places, [200, 1100]);
    assert.deepEqual(sentences[0]?.words, [{ text: 'Ships', fromMs: 0, toMs: 400 }]);
  });

  it('is requested with the token in a header, and not stored', async () => {
    const asked: Parameters<typeof globalThis.fetch>[] = [];
    globalThis.fetch = (...request) => {
      asked.push(request);
      return Promise.resolve(Response.json(ANSWER));
    };
    await readSharedAudio('token', 'a/b');
    const [[address, init]] = asked as [(typeof asked)[number]];
    assert.equal(address, '/v2/sync/shared/audio?audio_id=a%2Fb');
    assert.deepEqual([init?.cache, init?.headers], ['no-store', { 'X-Share-Token': 'token' }]);
  });

  it('ends with the link, is missing if it was deleted, and otherwise says what is wrong', async () => {
    answer(404, problem('share_not_found'));
    await assert.rejects(readSharedAudio('token', 'a'), ShareEnded);
    answer(404, problem('audio_not_found'));
    assert.equal(await readSharedAudio('token', 'a'), null);
    answer(429, problem('daily_budget_used'));
    await assert.rejects(readSharedAudio('token', 'a'), /after midnight/);
    answer(503, problem('unavailable'));
    await assert.rejects(readSharedAudio('token', 'a'), /could not be loaded/);
    for (const odd of [Response.json({ login: 'https://portal.test' }), new Response('<html>', { status: 200 })]) {
      globalThis.fetch = () => Promise.resolve(odd);
      await assert.rejects(readSharedAudio('token', 'a'), /could not be loaded/);
    }
  });
});
