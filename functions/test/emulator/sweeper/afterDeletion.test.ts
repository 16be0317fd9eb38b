import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Timestamp } from 'firebase-admin/firestore';
import { closeAfterEach } from '../../../../dev/test/closing.ts';
import { fireSchedules } from '../../../../dev/emulators/scheduler.ts';
import { chunksOf } from '../../../src/jobs/chunk.ts';
import type { Job } from '../../../src/jobs/job.ts';
import { JobStore } from '../../../src/jobs/store.ts';
import { cancelUploadsOfDevice, clearDeletedJob } from '../../../src/sweeper/afterDeletion.ts';
import { writeJob } from '../../support/jobFiles.ts';
import type { JobWithFiles } from '../../support/jobFiles.ts';
import { bucket, db } from '../../support/suite.ts';
import { HOUR_MS, MINUTE_MS, SweepWorld } from '../../support/sweepWorld.ts';
import { until } from '../../support/until.ts';

describe('a deleted job', () => {
  let world: SweepWorld;

  const closing = closeAfterEach();
  beforeEach(() => {
    world = closing(new SweepWorld());
  });

  async function putChunks(jobId: string, count: number): Promise<void> {
    const writer = world.db.bulkWriter();
    for (let i = 0; i < count; i += 1) void writer.set(chunksOf(world.db, jobId).doc(`c${i}`), { uid: 'ann' } as never);
    await writer.close();
  }
  const chunkCount = async (jobId: string) => (await chunksOf(world.db, jobId).count().get()).data().count;

  it('is deleted with its chunks and all objects under its path, and nothing of other jobs is', async () => {
    const { files } = await world.put('other');
    await world.stage(
      'uploads/ann/gone/a.bin',
      'uploads/ann/gone/stray.bin',
      files[0]!.path,
      'uploads/ann/gone2/a.bin',
    );
    await putChunks('gone', 301);
    await putChunks('other', 1);
    await clearDeletedJob('gone', { uid: 'ann' }, world.deps);
    assert.equal(await chunkCount('gone'), 0);
    assert.equal(await chunkCount('other'), 1);
    assert.deepEqual(await world.objects(), ['uploads/ann/gone2/a.bin', files[0]!.path]);
  });

  it('takes nothing from a new job with the same id, which a fast request with the same Idempotency-Key created', async () => {
    const { files } = await world.put('again', { status: 'pending' });
    await world.stage(files[0]!.path, 'uploads/ann/again/left.bin');
    await putChunks('again', 1);
    await clearDeletedJob('again', { uid: 'ann' }, world.deps);
    assert.equal(await chunkCount('again'), 1);
    assert.deepEqual(await world.objects(), [files[0]!.path]);
  });

  it('does no harm if its event comes twice, or its document has no owner', async () => {
    await putChunks('gone', 2);
    await clearDeletedJob('gone', { uid: 7 }, world.deps);
    await clearDeletedJob('gone', undefined, world.deps);
    assert.equal(await chunkCount('gone'), 0);
  });

  it('rejects its event, which then comes again, if an object could not be deleted', async () => {
    await world.stage('uploads/ann/gone/a.bin');
    const { objects } = world.deps;
    objects.delete = () => Promise.reject(new Error('Storage is busy'));
    await assert.rejects(clearDeletedJob('gone', { uid: 'ann' }, world.deps), /busy/);
  });
});

describe('a deleted device', () => {
  let world: SweepWorld;

  const closing = closeAfterEach();
  beforeEach(() => {
    world = closing(new SweepWorld());
  });

  it('has its unfinished uploads cancelled, and loses no accepted audio', async () => {
    const old = { createdAt: world.ago(10 * MINUTE_MS), deviceId: 'phone' };
    const { files } = await world.put('upload', old);
    await world.stage(files[0]!.path);
    await world.put('arriving', { ...old, createdAt: world.ago(MINUTE_MS) });
    await world.put('of another device', { ...old, deviceId: 'tablet' });
    await world.put('of another user', { ...old, uid: 'bob' });
    for (const status of ['pending', 'processing', 'deferred', 'completed'] as const) {
      await world.put(status, { ...old, status });
    }
    await cancelUploadsOfDevice('ann', 'phone', world.deps);
    await cancelUploadsOfDevice('ann', 'phone', world.deps);

    const { status, failures, notifiedAt } = await world.job('upload');
    assert.equal(status, 'cancelled');
    assert.deepEqual(
      failures.map(({ code }) => code),
      ['job_cancelled'],
    );
    assert.ok(notifiedAt);
    assert.deepEqual(await world.objects(), []);
    for (const jobId of ['arriving', 'of another device', 'of another user']) {
      assert.equal((await world.job(jobId)).status, 'uploading', jobId);
    }
    for (const jobId of ['pending', 'processing', 'deferred', 'completed']) {
      assert.equal((await world.job(jobId)).status, jobId);
    }
  });
});

describe('a deleted device that has registered again', () => {
  it('keeps its uploads: the event of its deletion may come late, and twice', async () => {
    const world = new SweepWorld();
    try {
      await world.put('upload', { createdAt: world.ago(10 * MINUTE_MS), deviceId: 'phone' });
      await world.db.doc('users/ann/devices/phone').set({ fcmToken: 't', platform: 'ios', updatedAt: world.ago(0) });
      await cancelUploadsOfDevice('ann', 'phone', world.deps);
      assert.equal((await world.job('upload')).status, 'uploading');
    } finally {
      await world.close();
    }
  });
});

function withoutFiles({ files: _, ...job }: JobWithFiles): Job {
  return job;
}

/** In the project of the suite, whose functions run by themselves. */
describe('The deployed functions', () => {
  const jobs = new JobStore(db);
  let shapes: SweepWorld; // only to make documents
  let uid: string;

  const closing = closeAfterEach();
  beforeEach(() => {
    shapes = closing(new SweepWorld());
    uid = `user-${randomUUID()}`;
  });

  it('run the sweeper on schedule, and enqueue a job whose enqueue was lost', async () => {
    const jobId = jobs.newId();
    const lost = Timestamp.fromMillis(Date.now() - HOUR_MS);
    const file = { ...shapes.file(jobId, 'a_1760000000.wav'), path: `uploads/${uid}/${jobId}/a_1760000000.wav` };
    const shape = await shapes.put(jobId, { files: [file] });
    await writeJob(db, jobId, { ...shape, uid, status: 'pending', updatedAt: lost });
    assert.deepEqual(await fireSchedules(process.env), ['sweepSyncJobs']);
    await until(async () => (await jobs.get(jobId))?.status === 'failed');
    assert.deepEqual(
      (await jobs.get(jobId))?.failures.map(({ code }) => code),
      ['recording_missing'],
    );
  });

  it('delete the chunks and objects of a deleted job', async () => {
    const jobId = jobs.newId();
    const path = `uploads/${uid}/${jobId}/a.bin`;
    await jobs.ref(jobId).set(withoutFiles({ ...(await shapes.put(jobId)), uid }));
    await chunksOf(db, jobId)
      .doc('c')
      .set({ uid } as never);
    await bucket.file(path).save('x', { resumable: false });
    await jobs.ref(jobId).delete();
    await until(async () => (await chunksOf(db, jobId).get()).empty);
    await until(async () => !(await bucket.file(path).exists())[0]);
  });

  it('cancel the unfinished upload of a deleted device', async () => {
    const jobId = jobs.newId();
    const begun = Timestamp.fromMillis(Date.now() - HOUR_MS);
    await jobs.ref(jobId).set(withoutFiles({ ...(await shapes.put(jobId)), uid, deviceId: 'phone', createdAt: begun }));
    const device = db.doc(`users/${uid}/devices/phone`);
    await device.set({ fcmToken: 't', platform: 'ios', updatedAt: begun });
    await device.delete();
    await until(async () => (await jobs.get(jobId))?.status === 'cancelled');
  });
});
