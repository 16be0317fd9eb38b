/** Custom data of teams in conversations, jobs and users (docs/extend.md). */
import assert from 'node:assert/strict';
import type { DocumentReference } from 'firebase-admin/firestore';
import { addActionItems } from '../../examples/actionItems.ts';
import { CONVERSATION_FIELDS } from '../../src/conversations/conversation.ts';
import { beginDeletion } from '../../src/conversations/deletion.ts';
import { clearDeletedJob } from '../../src/sweeper/afterDeletion.ts';
import { UploadedObjects } from '../../src/storage/objects.ts';
import { deleteUserData } from '../../src/sweeper/userDeletion.ts';
import { DueJobs } from '../../src/jobs/dueJobs.ts';
import { sampleOf } from '../support/checks.ts';
import { RedatingWorld } from '../support/redating.ts';
import { say as sayIn } from '../support/saying.ts';
import { filesOf } from '../support/worker.ts';

const HOUR_MS = 3600_000;

/** Fields of any name and kind. The name of the second looks like a path; the third resembles a field of ours. */
const CUSTOM = { actionItems: ['call Ann'], 'a.b': 1, languagesSeen: { en: true }, starred: true };

describe('custom fields of a conversation', () => {
  const world = new RedatingWorld();
  const { conversations } = world.deps;
  const say = (seconds: readonly number[]) => sayIn(world, seconds);
  beforeEach(async () => {
    world.becomeSomebodyElse();
    await world.standIn.reset();
  });
  after(() => world.close());

  it('stay when speech is added, and when another conversation is merged into theirs', async () => {
    const [one] = await say([0]);
    await mark(one!, CUSTOM);
    await say([60]);
    assert.deepEqual(await customOf(one!), CUSTOM);
    const [two] = await say([300]);
    await mark(two!, { starred: false, onlyHere: 1 });
    assert.deepEqual(await say([180]), [one]);
    assert.deepEqual(await customOf(one!), CUSTOM);
    assert.equal((await read(two!)).get('mergedInto'), one);
    assert.deepEqual(
      await customOf(two!),
      { starred: false, onlyHere: 1 },
      'those of the merged one stay on its tombstone',
    );
  });

  it('stay while their job is retried, delivered again and taken over', async () => {
    const garden = sampleOf('garden');
    const jobId = await world.refusedJob(garden, 2);
    const [first] = await world.liveIds();
    await mark(first!, CUSTOM);
    await world.retry(jobId);
    await world.deliver(jobId);
    await world.deliver(jobId);
    await world.deliver(await world.acceptSamples(garden));
    assert.equal((await world.job(jobId)).status, 'completed');
    assert.deepEqual(await customOf(first!), CUSTOM);
  });

  it('move with the whole conversation, stay with its first part when it divides, and are on no new one', async () => {
    const walk = sampleOf('walk');
    const jobId = await world.acceptSamples(walk);
    await world.deliver(jobId);
    const [only, ...others] = await world.liveIds();
    assert.deepEqual(others, []);
    await mark(only!, { ...CUSTOM, languages: { tlh: 7 } });
    await world.redate({ jobId, offsetMs: 40 * HOUR_MS });
    assert.deepEqual(Object.keys((await read(only!)).get('languages') as object), ['en'], 'counted anew');
    assert.deepEqual(await world.liveIds(), [only]);
    assert.deepEqual(await customOf(only!), CUSTOM);
    const names = [filesOf(walk)[1]!.filename];
    await world.redate({ names, offsetMs: 90 * HOUR_MS });
    const live = await world.liveIds();
    assert.equal(live.length, 2);
    const custom = await Promise.all(live.map(async (id) => [id === only, await customOf(id)]));
    assert.deepEqual(
      custom.sort(([a]) => (a === true ? -1 : 1)),
      [
        [true, CUSTOM],
        [false, {}],
      ],
    );
  });

  it('stay if a correction of dates dies after any of its steps', async () => {
    const walk = sampleOf('walk');
    const jobId = await world.acceptSamples(walk);
    await world.deliver(jobId);
    const [only] = await world.liveIds();
    await mark(only!, CUSTOM);
    for (const steps of [1, 2, 3]) {
      await world.redateAndDie({ jobId, offsetMs: HOUR_MS }, steps).catch(() => undefined);
      await world.deliver(await world.acceptSamples(sampleOf('letter')));
      assert.deepEqual(await world.liveIds().then((ids) => ids.includes(only!)), true);
      assert.deepEqual(await customOf(only!), CUSTOM, String(steps));
    }
  });

  it('and subcollections are deleted with the conversation, and so are those of the conversations that were merged into it', async () => {
    const [one] = await say([0]);
    const [two] = await say([200]);
    const [three] = await say([400]);
    await say([300]);
    for (const id of [one!, two!, three!]) await mark(id, CUSTOM, 'notes/a/replies/b');
    assert.deepEqual(await say([100]), [one]);
    const [other] = await say([9000]);
    await mark(other!, CUSTOM, 'notes/a');
    await conversations.delete(world.uid, one!);
    for (const id of [one!, two!, three!]) {
      assert.deepEqual(await customOf(id), {}, id);
      assert.deepEqual(await refOf(id).listCollections(), [], id);
    }
    assert.deepEqual(await customOf(other!), CUSTOM);
    assert.equal((await refOf(other!).collection('notes').get()).size, 1);
  });

  it('are deleted when another caller finishes the deletion, including data written since it began', async () => {
    const [one] = await say([0]);
    await mark(one!, CUSTOM);
    await beginDeletion(world.db, world.uid, one!, world.deps.now());
    assert.deepEqual(await customOf(one!), {});
    await mark(one!, CUSTOM, 'notes/late');
    await conversations.finishDeletion(world.uid, one!);
    assert.equal((await read(one!)).get('state'), 'deleted');
    assert.deepEqual(await customOf(one!), {});
    assert.deepEqual(await refOf(one!).listCollections(), []);
  });

  it('in a collection that has the name of ours are not taken for ours', async () => {
    const [one] = await say([0]);
    await beginDeletion(world.db, world.uid, one!, world.deps.now());
    await world.db.doc(`rooms/${world.uid}/conversations/${one!}`).set({ state: 'deleting' });
    const begun = await conversations.unfinishedDeletions(10_000);
    const ofThisUser = begun.filter(({ uid }) => uid === world.uid);
    assert.deepEqual(ofThisUser, [{ uid: world.uid, conversationId: one }]);
    await conversations.finishDeletion(world.uid, one!);
  });

  it('are deleted with a conversation that a correction of dates leaves empty', async () => {
    const letter = sampleOf('letter');
    const jobId = await world.acceptSamples(letter);
    await world.deliver(jobId);
    const [old] = await world.liveIds();
    await conversations.delete(world.uid, old!);
    const again = await world.accept(filesOf(letter), null, { clockOffsetMs: HOUR_MS });
    await world.deliver(again);
    const [moved] = await world.liveIds();
    await mark(moved!, CUSTOM, 'notes/a');
    await world.redate({ jobId: again, offsetMs: -HOUR_MS });
    assert.deepEqual(await world.liveIds(), []);
    assert.equal((await read(moved!)).get('state'), 'deleted');
    assert.deepEqual(await customOf(moved!), {});
    assert.deepEqual(await refOf(moved!).listCollections(), []);
  });

  it('of a job stay while it is processed, and its subcollections are deleted with it', async () => {
    const jobId = await world.acceptSamples(sampleOf('letter'));
    const job = world.db.doc(`offline_sync_jobs/${jobId}`);
    await job.update({ ticket: 'A-1' });
    await job.collection('audit').doc('missing').collection('lines').doc('a').set({ line: 1 });
    await world.deliver(jobId);
    assert.equal((await job.get()).get('ticket'), 'A-1');
    await job.delete();
    const objects = new UploadedObjects(world.bucket());
    await clearDeletedJob(jobId, { uid: world.uid }, { ...world.deps, objects });
    assert.deepEqual(await job.listCollections(), []);
  });

  it('and all documents below a user are deleted with the user; an account with the same id keeps what was written since', async () => {
    const [one] = await say([0]);
    const user = world.db.doc(`users/${world.uid}`);
    const notes = [`users/${world.uid}/notes/missing/parts/a`, `users/${world.uid}/conversations/${one!}/notes/a`];
    for (const path of notes) await world.db.doc(path).set({ text: 'old' });
    const createdAtMs = (await user.set({ plan: 'pro' }, { merge: true })).writeTime.toMillis();
    await world.db.doc(`users/${world.uid}/notes/new`).set({ text: 'new' });
    const deps = { ...world.deps, due: new DueJobs(world.db), objects: new UploadedObjects(world.bucket()) };
    await deleteUserData(world.uid, { ...deps, accountCreatedAtMs: () => Promise.resolve(createdAtMs) });
    for (const path of notes) assert.equal((await world.db.doc(path).get()).exists, false, path);
    assert.equal((await world.db.doc(`users/${world.uid}/notes/new`).get()).exists, true);
    await deleteUserData(world.uid, { ...deps, accountCreatedAtMs: () => Promise.resolve(null) });
    assert.deepEqual(await user.listCollections(), []);
    assert.equal((await user.get()).exists, false);
  });

  it('are added by the worked example: once for each transcript, and never to what was deleted', async () => {
    await world.deliver(await world.acceptSamples(sampleOf('letter')));
    const [id] = await world.liveIds();
    const transcripts: string[] = [];
    const find = (transcript: string): Promise<string[]> => {
      transcripts.push(transcript);
      return Promise.resolve([transcript.slice(0, 5)]);
    };
    const ref = refOf(id!) as DocumentReference as Parameters<typeof addActionItems>[1];
    await addActionItems(world.db, ref, find);
    await addActionItems(world.db, ref, find);
    const said = (await world.segments()).map(({ text }) => text).join('\n');
    assert.deepEqual(transcripts, [said]);
    assert.deepEqual(Object.keys(await customOf(id!)), ['actionItems', 'actionItemsAt']);
    assert.deepEqual((await read(id!)).get('actionItems.items'), [said.slice(0, 5)]);

    await refOf(id!).update({ actionItems: { items: [], ofRevision: 0 } });
    await addActionItems(world.db, ref, async (transcript) => {
      await conversations.delete(world.uid, id!);
      return find(transcript);
    });
    assert.deepEqual(await customOf(id!), {});
  });

  const refOf = (id: string) => conversations.conversations(world.uid).doc(id);
  const read = (id: string) => refOf(id).get();

  /** Adds custom fields. @param document also adds this document below the conversation */
  async function mark(id: string, fields: object, document?: string): Promise<void> {
    await refOf(id).set(fields as never, { merge: true });
    if (document !== undefined) await world.db.doc(`${refOf(id).path}/${document}`).set({ text: 'ours' });
  }

  async function customOf(id: string): Promise<Record<string, unknown>> {
    const fields = Object.entries((await read(id)).data() ?? {});
    return Object.fromEntries(fields.filter(([name]) => !CONVERSATION_FIELDS.has(name)));
  }
});
