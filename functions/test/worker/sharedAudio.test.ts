/**
 * The audio of a conversation that is shared by a link. The value of each sample is the number of its word, so the audible words are
 * known exactly.
 */
import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import { audioOffset } from 'offline-audio-sync-contract';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { readFlac } from '../../../dev/deepgram/flac.ts';
import { editConversation } from '../../src/conversations/editing.ts';
import { MARGIN_MS, readSharedAudio } from '../../src/conversations/sharedAudio.ts';
import { readShared, share, withdraw } from '../../src/conversations/sharing.ts';
import { AppError } from '../../src/errors.ts';
import { DueJobs } from '../../src/jobs/dueJobs.ts';
import { KeptAudio, keptAudioOf } from '../../src/storage/keptAudio.ts';
import { UploadedObjects } from '../../src/storage/objects.ts';
import { deleteContent } from '../../src/sweeper/userDeletion.ts';
import { DAY_MS } from '../order/model.ts';
import type { SpokenWord } from '../order/model.ts';
import { exactSpeech, record } from '../order/sound.ts';
import { codeOf } from '../support/errors.ts';
import { RedatingWorld } from '../support/redating.ts';

const KEPT_MS = 10 * 24 * 3600_000;
const HOUR_MS = 3600_000;
const FILE = `audio_omi_pcm16_16000_1_fs160_${DAY_MS}.bin`;

/** All words are in one chunk. The third and the fourth word are closer together than a pause that is played. */
const SAID: readonly SpokenWord[] = [1000, 1700, 10_000, 10_900, 40_000].map((startMs, i) => ({
  id: i + 1,
  device: 'omi',
  text: ['harbour', 'lights.', 'Secret.', 'Ships.', 'Tonight.'][i]!,
  language: 'en',
  startMs,
  endMs: startMs + 500,
}));

describe('the audio of a conversation that is shared by a link', () => {
  let world: RedatingWorld;
  let kept: KeptAudio;
  let spent: [uid: string, bytes: number][];
  let refusal: AppError | null;
  const closing = closeAfterAll();
  before(() => {
    world = closing(new RedatingWorld(exactSpeech(SAID)));
    kept = new KeptAudio(world.db, world.bucket(), { keptMs: KEPT_MS, now: world.deps.now });
    Object.assign(world.deps, { keptAudio: kept });
  });
  beforeEach(() => {
    world.becomeSomebodyElse();
    [spent, refusal] = [[], null];
  });

  const sharing = () => ({ ...world.deps, isOn: () => true });
  const playing = () => ({
    ...sharing(),
    read: (path: string) => kept.read(path),
    spend: (uid: string, bytes: number) => {
      if (refusal !== null) return Promise.reject(refusal);
      spent.push([uid, bytes]);
      return Promise.resolve();
    },
  });

  /** @returns the id of the conversation */
  async function say(): Promise<string> {
    const bytes = record({ device: 'omi', startMs: 0, endMs: 42_000 }, SAID);
    await world.deliver(await world.accept([{ filename: FILE, bytes }]));
    const [talk] = await world.liveIds();
    return talk!;
  }
  const shareIt = (conversationId: string, withAudio = true) =>
    share({ uid: world.uid, conversationId, hours: 1, withAudio }, sharing());
  const chunk = async () => (await keptAudioOf(world.db, world.uid).get()).docs[0]!;
  const chunkId = async (): Promise<string> => (await world.segments())[0]!.chunkId;
  const edit = (conversationId: string, correction: Parameters<typeof editConversation>[0]['correction']) =>
    editConversation({ uid: world.uid, conversationId, editId: null, correction }, world.deps);
  const splitAt = async (conversationId: string, word: number) =>
    (await edit(conversationId, { kind: 'split', atMs: DAY_MS + SAID[word - 1]!.startMs })).conversationIds;

  /** The words that sound, in order, and how long the audio is. */
  async function heard(token: string) {
    const { bytes, contentType, durationMs } = await readSharedAudio(token, await chunkId(), playing());
    assert.equal(contentType, 'audio/flac');
    const { samples } = await readFlac(Buffer.from(bytes));
    assert.equal(samples.length, durationMs * 16);
    const ids = [...samples].map(Math.abs);
    return { words: ids.filter((id, at) => id !== 0 && id !== ids[at - 1]), durationMs };
  }

  it('is that of its sentences with short pauses, and each word is found by the time map', async () => {
    const { token } = await shareIt(await say());
    const { words, durationMs } = await heard(token);
    assert.deepEqual(words, [1, 2, 3, 4, 5]);
    // The full sentences, and at most half a second of a longer pause on either side.
    const [sentences, pauses] = [1200 + 1400 + 500, 4 * MARGIN_MS];
    assert.ok(durationMs > sentences && durationMs <= sentences + pauses, String(durationMs));
    const shown = await readShared(token, sharing());
    assert.deepEqual([...shown.audible], [await chunkId()]);
    const { bytes, spans } = await readSharedAudio(token, await chunkId(), playing());
    const { samples } = await readFlac(Buffer.from(bytes));
    // As the shared page maps them: the conversation itself is the recording.
    const map = { spans: spans.map((span) => ({ ...span, recordingId: '' })) };
    const place = { recordingId: '', recordingStartedAt: shown.conversation.startedAt };
    const sounding = shown.segments.flatMap(({ startedAt, words: said }) =>
      said.map(({ fromMs, toMs }) => {
        const ms = audioOffset(map, place, startedAt.toMillis() + (fromMs + toMs) / 2);
        return Math.abs(samples[Math.round(ms! * 16)]!);
      }),
    );
    assert.deepEqual(sounding, [1, 2, 3, 4, 5]);
    assert.deepEqual(spent.at(-1), [world.uid, (await chunk()).data().bytes]);
  });

  it('contains nothing of the conversations beside it, although one chunk contains them all', async () => {
    const [first, rest] = await splitAt(await say(), 3);
    const [second, third] = await splitAt(rest!, 4);
    for (const [id, expected] of [
      [first!, [1, 2]],
      [second!, [3]],
      [third!, [4, 5]],
    ] as const) {
      const { token } = await shareIt(id);
      assert.deepEqual((await heard(token)).words, expected);
    }
  });

  it('has no speech that was joined to it after it was shared, and does not change when it is divided', async () => {
    const [first, second] = await splitAt(await say(), 3);
    const { token } = await shareIt(first!);
    await edit(first!, { kind: 'merge', withId: second! });
    assert.deepEqual((await heard(token)).words, [1, 2]);
    await splitAt(first!, 2);
    assert.deepEqual((await heard(token)).words, [1, 2]);
  });

  it('is gone with a conversation that is deleted, and what was deleted in its time does not come back with later audio', async () => {
    const [first, rest] = await splitAt(await say(), 3);
    const [second, third] = await splitAt(rest!, 4);
    const id = await chunkId();
    const [entry, object] = [(await chunk()).data(), (await kept.read((await chunk()).data().path))!];
    await world.deps.conversations.delete(world.uid, second!);
    await edit(first!, { kind: 'merge', withId: third! });
    const { token } = await shareIt(first!);
    assert.deepEqual([...(await readShared(token, sharing())).audible], []);
    assert.equal(await codeOf(readSharedAudio(token, id, playing())), 'audio_not_found');
    // Stored as a recording at the same time would be.
    await kept.put({ uid: world.uid, chunkId: id, bytes: object, contentType: 'audio/flac' });
    await keptAudioOf(world.db, world.uid).doc(id).set(entry);
    assert.deepEqual((await heard(token)).words, [1, 2, 4, 5]);
    await world.deps.conversations.delete(world.uid, first!);
    assert.equal(await codeOf(readSharedAudio(token, id, playing())), 'share_not_found');
  });

  it('cannot be played once the link is withdrawn, has expired, or sharing is switched off', async () => {
    const { id, token } = await shareIt(await say());
    const audio = await chunkId();
    await readSharedAudio(token, audio, playing());
    const later = { ...playing(), now: () => world.deps.now() + HOUR_MS };
    assert.equal(await codeOf(readSharedAudio(token, audio, later)), 'share_not_found');
    assert.equal(await codeOf(readSharedAudio(token, audio, { ...playing(), isOn: () => false })), 'share_not_found');
    await withdraw(world.uid, id, world.deps);
    assert.equal(await codeOf(readSharedAudio(token, audio, playing())), 'share_not_found');
  });

  it('cannot be played once its time is over, its object is gone, or all content of its user was deleted', async () => {
    const { token } = await shareIt(await say());
    const audio = await chunkId();
    const { ref } = await chunk();
    const entry = (await chunk()).data();
    await ref.update({ expiresAt: Timestamp.fromMillis(world.deps.now()) });
    assert.equal(await codeOf(readSharedAudio(token, audio, playing())), 'audio_not_found');
    assert.equal((await readShared(token, sharing())).audible.size, 0);
    await ref.update({ expiresAt: entry.expiresAt });
    await kept.delete([entry.path]);
    assert.equal(await codeOf(readSharedAudio(token, audio, playing())), 'audio_not_found');
    const deps = { db: world.db, logger: world.logger, due: new DueJobs(world.db) };
    const objects = new UploadedObjects(world.bucket());
    const accountCreatedAtMs = () => Promise.resolve(0);
    await deleteContent(world.uid, { ...deps, objects, accountCreatedAtMs, now: () => Date.now() + HOUR_MS });
    assert.equal(await codeOf(readSharedAudio(token, audio, playing())), 'share_not_found');
  });

  it('is not returned for a link without audio, nor for another chunk of this or another user', async () => {
    const talk = await say();
    const audio = await chunkId();
    const { token: ofText } = await shareIt(talk, false);
    assert.equal((await readShared(ofText, sharing())).audible.size, 0);
    assert.equal(await codeOf(readSharedAudio(ofText, audio, playing())), 'audio_not_found');
    const { token } = await shareIt(talk);
    // Kept audio of the same user, but of another time: it has no sentence that is shared.
    const other = 'other'.padEnd(28, '-');
    await keptAudioOf(world.db, world.uid)
      .doc(other)
      .set((await chunk()).data());
    assert.equal(await codeOf(readSharedAudio(token, other, playing())), 'audio_not_found');
    world.becomeSomebodyElse();
    await say();
    const theirs = await chunkId();
    assert.notEqual(theirs, audio);
    assert.equal(await codeOf(readSharedAudio(token, theirs, playing())), 'audio_not_found');
    assert.deepEqual(spent, [], 'a refusal costs nothing');
  });

  it('is not found after the conversation has moved to another date', async () => {
    const talk = await say();
    const { token } = await shareIt(talk);
    const audio = await chunkId();
    await world.redate({ conversationId: talk, offsetMs: 24 * HOUR_MS });
    assert.equal(await codeOf(readSharedAudio(token, audio, playing())), 'audio_not_found');
    assert.equal(await codeOf(readShared(token, sharing())), 'share_not_found');
  });

  it('is refused when its user has no bytes left of the day, before anything is read', async () => {
    const { token } = await shareIt(await say());
    refusal = new AppError('daily_budget_used');
    const unread = { ...playing(), read: () => Promise.reject(new Error('It was read.')) };
    assert.equal(await codeOf(readSharedAudio(token, await chunkId(), unread)), 'daily_budget_used');
  });
});
