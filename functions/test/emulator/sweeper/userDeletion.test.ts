import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Firestore } from 'firebase-admin/firestore';
import { closeAfterEach } from '../../../../dev/test/closing.ts';
import { chunksOf } from '../../../src/jobs/chunk.ts';
import { deleteUserData } from '../../../src/sweeper/userDeletion.ts';
import { bearer, hasEnded, send, uploadFiles, waitForJob } from '../../support/client.ts';
import { pcmName, pcmRecording } from '../../support/recordings.ts';
import {
  auth,
  bucket,
  db,
  functionUrl,
  jobIds,
  project,
  signUp,
  stagedObjects,
  untilWrappedUp,
} from '../../support/suite.ts';
import { HOUR_MS, SweepWorld } from '../../support/sweepWorld.ts';
import { until } from '../../support/until.ts';

const COLLECTIONS = ['conversations', 'deleted_speech', 'devices', 'recordings', 'segments', 'usage'];

/** Writes a document into each collection that a user can have. */
async function fill(store: Firestore, uid: string): Promise<void> {
  await store.doc(`users/${uid}`).set({ preferences: { language: 'de' } });
  for (const name of COLLECTIONS) await store.collection(`users/${uid}/${name}`).add({ state: 'live' });
}

/** Paths of all documents below `users/{uid}`, itself included. */
async function documentsOf(store: Firestore, uid: string): Promise<string[]> {
  const user = store.doc(`users/${uid}`);
  const collections = await user.listCollections();
  const below = await Promise.all(collections.map(async (each) => (await each.get()).docs.map(({ ref }) => ref.path)));
  return [...((await user.get()).exists ? [user.path] : []), ...below.flat()];
}

describe('a deleted user', () => {
  let world: SweepWorld;

  const closing = closeAfterEach();
  beforeEach(() => {
    world = closing(new SweepWorld());
  });

  async function leaveSomething(uid: string, jobId: string): Promise<void> {
    await fill(world.db, uid);
    await world.put(jobId, { uid });
    await chunksOf(world.db, jobId)
      .doc('c')
      .set({ uid } as never);
    await world.stage(`uploads/${uid}/${jobId}/a.bin`);
  }

  async function leftOf(uid: string, jobId: string): Promise<string[]> {
    const chunks = (await chunksOf(world.db, jobId).get()).docs.map(({ ref }) => ref.path);
    const jobs = (await world.db.collection('offline_sync_jobs').where('uid', '==', uid).get()).docs;
    const objects = (await world.objects()).filter((path) => path.startsWith(`uploads/${uid}/`));
    return [...(await documentsOf(world.db, uid)), ...jobs.map(({ ref }) => ref.path), ...chunks, ...objects];
  }

  it('leaves no trace, and nothing of other users is deleted', async () => {
    await leaveSomething('ann', 'a');
    await leaveSomething('anna', 'b');
    const others = await leftOf('anna', 'b');
    for (let i = 0; i < 60; i += 1) await world.put(`more-${String(i)}`, { uid: 'ann' });
    await deleteUserData('ann', world.deps);
    assert.deepEqual(await leftOf('ann', 'a'), []);
    assert.deepEqual(await leftOf('anna', 'b'), others);
    assert.equal(others.length, COLLECTIONS.length + 4);
  });

  it('is deleted again when tokens have expired, with what was written meanwhile', async () => {
    await deleteUserData('ann', world.deps);
    await leaveSomething('ann', 'late');
    world.nowMs += HOUR_MS;
    assert.equal((await world.sweep()).get('user_deletions')?.seen, 0);
    assert.notDeepEqual(await leftOf('ann', 'late'), []);
    world.nowMs += HOUR_MS;
    const report = (await world.sweep()).get('user_deletions');
    assert.deepEqual([report?.done, report?.failed], [1, 0]);
    assert.deepEqual(await leftOf('ann', 'late'), []);
    assert.equal((await world.sweep()).get('user_deletions')?.seen, 0);
  });

  it('who creates an account with the same id again keeps everything newer, at both deletions', async () => {
    world.nowMs = Date.now() - HOUR_MS;
    await leaveSomething('ann', 'a');
    await world.db.doc('users/ann/devices/phone').set({ fcmToken: 'old' });
    const before = await leftOf('ann', 'a');
    // By the clock of Firestore, which also sets the times of documents.
    const createdAtMs = (await world.db.doc('users/other').set({})).writeTime.toMillis();
    world.nowMs = createdAtMs;
    const deps = { ...world.deps, accountCreatedAtMs: () => Promise.resolve(createdAtMs) };
    await leaveSomething('ann', 'b');
    await world.db.doc('users/ann').set({ preferences: { language: 'en' } });
    const since = (await leftOf('ann', 'b')).filter((path) => !before.includes(path) || path === 'users/ann');
    await deleteUserData('ann', deps);
    assert.deepEqual((await leftOf('ann', 'b')).sort(), since.sort());
    const ofOldJob = /^(offline_sync_jobs|uploads\/ann)\/a(\/|$)/;
    assert.deepEqual(
      (await leftOf('ann', 'a')).filter((path) => ofOldJob.test(path)),
      [],
    );
    world.nowMs += 3 * HOUR_MS;
    await world.sweep({ accountCreatedAtMs: deps.accountCreatedAtMs });
    for (const path of since) assert.ok((await leftOf('ann', 'b')).includes(path), path);
  });

  it('is remembered if the deletion fails, and is then deleted by the sweeper', async () => {
    await leaveSomething('ann', 'a');
    const busy = Object.assign(Object.create(world.deps.objects) as typeof world.deps.objects, {
      deleteAll: () => Promise.reject(new Error('Storage is busy')),
    });
    await assert.rejects(deleteUserData('ann', { ...world.deps, objects: busy }), /busy/);
    world.nowMs += 2 * HOUR_MS;
    const objects = Object.assign(Object.create(world.deps.objects) as typeof world.deps.objects, busy);
    assert.equal((await world.sweep({ objects })).get('user_deletions')?.failed, 1);
    await world.sweep();
    assert.deepEqual(await leftOf('ann', 'a'), []);
  });

  it('with an id that no path can contain causes no deletion of other users’ data', async () => {
    await leaveSomething('ann', 'a');
    const before = await leftOf('ann', 'a');
    for (const uid of ['ann/devices/x', '.', '..']) await deleteUserData(uid, world.deps);
    assert.deepEqual(await leftOf('ann', 'a'), before);
  });

  it('of the deployed project loses everything, and can send nothing more', async () => {
    const { uid, idToken } = await signUp();
    const { body } = await uploadFiles(idToken, [{ name: pcmName(), bytes: pcmRecording() }]);
    await waitForJob(idToken, body.job_id, hasEnded);
    await untilWrappedUp(body.job_id); // What its worker still writes would come behind the deletion.
    await fill(db, uid);
    await bucket.file(`uploads/${uid}/another/a.bin`).save('x', { resumable: false });
    await auth.deleteUser(uid);

    const left = async () => [...(await documentsOf(db, uid)), ...(await jobIds(uid)), ...(await stagedObjects(uid))];
    await until(async () => (await left()).length === 0);
    const answer = await send<{ error: { code: string } }>('syncUpload', { method: 'POST', headers: bearer(idToken) });
    assert.deepEqual([answer.status, answer.body.error.code], [401, 'unauthenticated']);
  });

  it('of the deployed project loses everything, also when the event names them by its subject alone', async () => {
    const uid = `gone-${randomUUID()}`;
    await fill(db, uid);
    const event = {
      specversion: '1.0',
      id: randomUUID(),
      time: new Date().toISOString(),
      type: 'google.firebase.auth.user.v2.deleted',
      source: `//identitytoolkit.googleapis.com/projects/${project}`,
      subject: `users/${uid}`,
    };
    // The address to which the Auth emulator sends its events.
    const response = await fetch(new URL(`/functions/projects/${project}/trigger_multicast`, functionUrl('')), {
      method: 'POST',
      headers: { 'Content-Type': 'application/cloudevents+json' },
      body: JSON.stringify(event),
    });
    assert.equal(response.status, 200);
    await until(async () => (await documentsOf(db, uid)).length === 0);
  });
});
