/** The address at which a link plays audio, through Hosting and the deployed functions. */
import assert from 'node:assert/strict';
import { SHARE_TOKEN_HEADER } from 'offline-audio-sync-contract';
import type { SharedAudioView, SharedConversationView } from 'offline-audio-sync-contract';
import { readFlac } from '../../../dev/deepgram/flac.ts';
import { bearer, callFunction } from '../support/client.ts';
import { startEntryPoints } from '../support/entryPoints.ts';
import { bucket, db, HOSTING_ORIGIN, signUp } from '../support/suite.ts';
import type { TestUser } from '../support/suite.ts';
import { keepTalk, putTalk, TALK_CHUNK } from '../support/talk.ts';

const ADDRESS = `${HOSTING_ORIGIN}/v2/sync/shared/audio`;
/** Two valid ranges, and some invalid ones. */
const RANGES = [
  'bytes=0-99',
  'bytes=-1',
  'bytes=9-1,x',
  'bytes=0-,0-,0-,0-',
  'chapters=1',
  'bytes=99999999999999999999-',
];
const ODD_IDS = ['', 'x', '../secret', '%00', TALK_CHUNK.toUpperCase(), `${TALK_CHUNK}x`, 'unknown'.padEnd(28, '-')];

describe('the address at which a link plays audio', () => {
  let user: TestUser;
  let share: { token: string; share_id: string };
  before(async () => {
    user = await signUp();
    await putTalk(db, user.uid);
    await keepTalk(db, bucket, user.uid);
    share = await shareTalk(true);
  });

  async function shareTalk(withAudio: boolean) {
    const asked = { conversation_id: 'talk', with_audio: withAudio };
    const { body } = await callFunction<{ token: string; share_id: string }>(user.idToken, 'shareConversation', asked);
    return body.result!;
  }
  const ask = (id = TALK_CHUNK, { method = 'GET', range = '' } = {}, { token } = share, address = ADDRESS) =>
    fetch(`${address}?audio_id=${id}`, {
      method,
      headers: { [SHARE_TOKEN_HEADER]: token, ...(range === '' ? {} : { Range: range }) },
    });
  const codeOf = async (response: Response): Promise<string> => {
    const { error } = (await response.json()) as { error: { code: string } };
    return `${String(response.status)} ${error.code}`;
  };

  it('returns the sound of the shared word, and not one sample from before or after it', async () => {
    const shown = await fetch(`${HOSTING_ORIGIN}/v2/sync/shared`, { headers: { [SHARE_TOKEN_HEADER]: share.token } });
    const { segments } = (await shown.json()) as SharedConversationView;
    assert.deepEqual(
      segments.map(({ audio_id: id, words }) => [id, words]),
      [[TALK_CHUNK, [['Hello.', 0, 500]]]],
    );
    const response = await ask();
    const { audio, spans, ...rest } = (await response.json()) as SharedAudioView;
    assert.deepEqual(rest, { content_type: 'audio/flac', duration_ms: 500 });
    assert.deepEqual(spans, [{ from_ms: 0, audio_ms: 0, duration_ms: 500 }]);
    const { samples } = await readFlac(Buffer.from(audio, 'base64'));
    assert.deepEqual([...new Set(samples)], [5, 6, 7, 8, 9]);
  });

  it('can be called from any site, forbids caching, and names neither the object nor its user', async () => {
    const response = await ask();
    const { headers } = response;
    assert.deepEqual(
      ['cache-control', 'access-control-allow-origin', 'x-robots-tag', 'referrer-policy'].map((name) =>
        headers.get(name),
      ),
      ['private, no-store', '*', 'noindex, nofollow', 'no-referrer'],
    );
    assert.equal(headers.get('accept-ranges'), null);
    const text = await response.text();
    for (const secret of [user.uid, TALK_CHUNK, 'recording', share.token]) assert.ok(!text.includes(secret), secret);
    const preflight = await fetch(ADDRESS, {
      method: 'OPTIONS',
      headers: { Origin: 'https://a.example', 'Access-Control-Request-Headers': SHARE_TOKEN_HEADER },
    });
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', new RegExp(SHARE_TOKEN_HEADER, 'i'));
  });

  it('returns all of the audio or none, whatever range is requested, and no body to HEAD', async () => {
    for (const range of RANGES) {
      const response = await ask(TALK_CHUNK, { range });
      assert.equal(response.status, 200, range);
      assert.equal(((await response.json()) as SharedAudioView).duration_ms, 500, range);
    }
    const head = await ask(TALK_CHUNK, { method: 'HEAD' });
    assert.deepEqual([head.status, await head.text()], [200, '']);
    for (const method of ['POST', 'PUT', 'DELETE'])
      assert.equal((await ask(TALK_CHUNK, { method })).status, 405, method);
  });

  it('finds nothing for a guessed name, for two names, or for another token', async () => {
    for (const id of ODD_IDS) assert.equal(await codeOf(await ask(id)), '404 audio_not_found', id);
    assert.equal(await codeOf(await ask(`${TALK_CHUNK}&audio_id=${TALK_CHUNK}`)), '404 audio_not_found');
    for (const token of ['', 'x', 'x'.repeat(43), share.share_id]) {
      assert.equal(await codeOf(await ask(TALK_CHUNK, {}, { token, share_id: '' })), '404 share_not_found', token);
    }
    const ofText = await shareTalk(false);
    assert.equal(await codeOf(await ask(TALK_CHUNK, {}, ofText)), '404 audio_not_found');
    // The owner's ID token is of no use here, nor the token of the link in Storage.
    assert.equal(
      await codeOf(await fetch(`${ADDRESS}?audio_id=${TALK_CHUNK}`, { headers: bearer(user.idToken) })),
      '404 share_not_found',
    );
    const host = process.env['FIREBASE_STORAGE_EMULATOR_HOST'] ?? '';
    const object = encodeURIComponent(`audio/${user.uid}/${TALK_CHUNK}.flac`);
    const direct = await fetch(`http://${host}/v0/b/${bucket.name}/o/${object}?alt=media`, {
      headers: { [SHARE_TOKEN_HEADER]: share.token, Authorization: `Bearer ${share.token}` },
    });
    assert.ok([401, 403].includes(direct.status), String(direct.status));
  });

  it('returns nothing if the operator does not allow sharing, or after the link was withdrawn', async () => {
    const off = await startEntryPoints({ SHARING: 'false' }, { keys: [] });
    try {
      assert.equal(await codeOf(await ask(TALK_CHUNK, {}, share, off.urls['sharedAudio'])), '404 share_not_found');
    } finally {
      await off.stop();
    }
    assert.equal((await ask()).status, 200);
    await callFunction(user.idToken, 'withdrawShare', { share_id: share.share_id });
    assert.equal(await codeOf(await ask()), '404 share_not_found');
  });
});
