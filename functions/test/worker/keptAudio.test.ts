import assert from 'node:assert/strict';
import { audioOffset } from 'offline-audio-sync-contract';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { readFlac } from '../../../dev/deepgram/flac.ts';
import { UploadedObjects } from '../../src/storage/objects.ts';
import { KeptAudio, keptAudioOf, KEPT_PREFIX } from '../../src/storage/keptAudio.ts';
import { sweepKeptAudio } from '../../src/sweeper/keptAudio.ts';
import { RedatingWorld } from '../support/redating.ts';
import { DAY_MS } from '../order/model.ts';
import type { SpokenWord } from '../order/model.ts';
import { exactSpeech, record } from '../order/sound.ts';

const DAYS_MS = 24 * 3600_000;
const FILE = `audio_omi_pcm16_16000_1_fs160_${DAY_MS}.bin`;

/** Words with a silence between them that is left out of the chunk. */
const SAID: readonly SpokenWord[] = [1000, 1700, 40_000].map((startMs, i) => ({
  id: i + 1,
  device: 'omi',
  text: ['harbour', 'lights', 'tonight'][i]!,
  language: 'en',
  startMs,
  endMs: startMs + 500,
}));

describe('audio that is kept to be played', () => {
  let world: RedatingWorld;
  const closing = closeAfterAll();
  before(() => {
    world = closing(new RedatingWorld(exactSpeech(SAID)));
    const keptAudio = new KeptAudio(world.db, world.bucket(), { keptMs: 10 * DAYS_MS, now: world.deps.now });
    Object.assign(world.deps, { keptAudio });
  });
  beforeEach(() => {
    world.becomeSomebodyElse();
  });

  async function say(): Promise<string> {
    const bytes = record({ device: 'omi', startMs: 0, endMs: 42_000 }, SAID);
    const jobId = await world.accept([{ filename: FILE, bytes }]);
    await world.deliver(jobId);
    return jobId;
  }
  const entries = async () => (await keptAudioOf(world.db, world.uid).get()).docs;
  const objects = async (): Promise<string[]> => {
    const [files] = await world.bucket().getFiles({ prefix: `${KEPT_PREFIX}${world.uid}/` });
    return files.map(({ name }) => name);
  };
  /** For each word, the number of the word that sounds at its time. */
  async function heardAt(): Promise<(number | undefined)[]> {
    const [entry] = await entries();
    const [bytes] = await world.bucket().file(entry!.data().path).download();
    const { samples } = await readFlac(bytes);
    return (await world.segments()).flatMap((segment) => {
      assert.equal(segment.chunkId, entry!.id);
      return segment.words.map(({ fromMs, toMs }) => {
        const ms = audioOffset(entry!.data(), segment, segment.startedAt.toMillis() + (fromMs + toMs) / 2);
        return samples[Math.round(ms! * 16)];
      });
    });
  }

  it('is found from each word, even after its date was corrected', async () => {
    const jobId = await say();
    assert.deepEqual(await heardAt(), [1, 2, 3]);
    const [entry] = await entries();
    assert.ok(entry!.data().durationMs < 10_000, 'silence is left out');
    await world.redate({ jobId, offsetMs: DAYS_MS });
    assert.deepEqual(await heardAt(), [1, 2, 3]);
  });

  it('is deleted with its conversation', async () => {
    await say();
    assert.equal((await objects()).length, 1);
    const [talk] = await world.liveIds();
    await world.deps.conversations.delete(world.uid, talk!);
    assert.deepEqual([await entries(), await objects()], [[], []]);
  });

  it('is not kept for a user who does not want it', async () => {
    await world.db.doc(`users/${world.uid}`).set({ preferences: { keepAudio: false } });
    await say();
    assert.deepEqual([await entries(), await objects()], [[], []]);
  });

  it('is left out if Storage does not accept it, and no word is lost', async () => {
    const { keptAudio } = world.deps;
    const broken = { isOn: true, put: () => Promise.reject(new Error('Storage is busy.')) };
    const bytes = record({ device: 'omi', startMs: 0, endMs: 42_000 }, SAID);
    await world.deliver(await world.accept([{ filename: FILE, bytes }]), { keptAudio: broken as never });
    assert.equal((await world.spoken()).length, 3);
    assert.ok(world.logger.entries.some(({ event }) => event === 'audio.not_kept'));
    assert.ok(keptAudio.isOn);
  });

  it('is deleted by the sweeper when its time is over or no document names it, and nothing else is deleted', async () => {
    await say();
    const notOurs = `${KEPT_PREFIX}${world.uid}/album/song.flac`;
    await world.bucket().file(notOurs).save('a song');
    await world.deps.keptAudio.put({
      uid: world.uid,
      chunkId: 'crashed'.padEnd(28, '-'),
      bytes: Uint8Array.of(1),
      contentType: 'audio/ogg',
    });
    const swept = new UploadedObjects(world.bucket());
    const sweep = async (nowMs: number) => {
      const { objects: listed } = await swept.list(`${KEPT_PREFIX}${world.uid}/`, null);
      return sweepKeptAudio(listed, { db: world.db, objects: swept, now: () => nowMs });
    };
    const nowMs = world.deps.now();
    assert.deepEqual(await sweep(nowMs + 9 * DAYS_MS), { deleted: 1, errors: [] });
    assert.equal((await objects()).length, 2);
    assert.deepEqual(await sweep(nowMs + 11 * DAYS_MS), { deleted: 1, errors: [] });
    assert.deepEqual([await entries(), await objects()], [[], [notOurs]]);
  });
});
