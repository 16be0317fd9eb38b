import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import { closeAfterEach } from '../../../../dev/test/closing.ts';
import type { DueJobs } from '../../../src/jobs/dueJobs.ts';
import type { TaskPayload } from '../../../src/jobs/job.ts';
import { UploadedObjects } from '../../../src/storage/objects.ts';
import { SWEEP_LIMITS } from '../../../src/sweeper/sweep.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SweepWorld } from '../../support/sweepWorld.ts';

describe('A run of the sweeper', () => {
  let world: SweepWorld;

  const closing = closeAfterEach();
  beforeEach(() => {
    world = closing(new SweepWorld());
  });

  describe('that fails with a job or an object', () => {
    it('continues with the others, counts the failure and logs which one it was', async () => {
      for (const jobId of ['a', 'b', 'c', 'd']) await world.put(jobId, { createdAt: world.ago(2 * DAY_MS) });
      await world.deps.jobs.ref('b').update({ filePages: null });
      const limits = { ...SWEEP_LIMITS, pageSize: 2 };
      const report = (await world.sweep({ limits })).get('uploads_expired');
      assert.deepEqual([report?.seen, report?.done, report?.failed, report?.broken], [4, 3, 1, false]);
      for (const jobId of ['a', 'c', 'd']) assert.equal((await world.job(jobId)).status, 'failed');
      const complaints = world.logger.entries.filter(({ event }) => event === 'sweep.job_failed');
      assert.deepEqual(
        complaints.map(({ fields }) => [fields['jobId'], fields['step']]),
        [['b', 'uploads_expired']],
      );
    });

    it('does the other steps when one cannot be done at all', async () => {
      await world.put('still', world.pending(HOUR_MS));
      const objects = new UploadedObjects(world.bucket());
      objects.list = () => Promise.reject(new Error('Storage is down'));
      const reports = await world.sweep({ objects });
      assert.equal(reports.get('orphaned_objects')?.broken, true);
      assert.equal(world.enqueued.length, 1);
      assert.ok(
        world.logger.entries.some(({ level, fields }) => level === 'error' && fields['step'] === 'orphaned_objects'),
      );
    });

    it('fails, for the schedule to try again, only when nothing could be done', async () => {
      const query = { limit: () => ({ get: () => Promise.reject(new Error('Firestore is down')) }) };
      const db = { collection: () => ({ where: () => ({ orderBy: () => query }) }) } as unknown as Firestore;
      const down = () => ({ query, at: () => null });
      const due = { still: down, overdue: down, begun: down, notWrappedUp: down, expired: down } as unknown as DueJobs;
      const objects = new UploadedObjects(world.bucket());
      objects.list = () => Promise.reject(new Error('Storage is down'));
      const { conversations } = world.deps;
      conversations.unfinishedDeletions = () => Promise.reject(new Error('Firestore is down'));
      await assert.rejects(world.sweep({ db, due, objects, conversations }), /No step/);
    });
  });

  describe('that finds more than it may process', () => {
    const limits = { ...SWEEP_LIMITS, pageSize: 4, jobsPerStep: 8 };

    it('leaves the rest to the next one, which continues there and then starts again', async () => {
      const ids = Array.from({ length: 20 }, (_, i) => `job${String(i).padStart(2, '0')}`);
      for (const [i, jobId] of ids.entries()) await world.put(jobId, world.pending(HOUR_MS - (i >> 2)));
      const runs: string[][] = [];
      for (let run = 0; run < 4; run += 1) {
        const report = (await world.sweep({ limits })).get('pending');
        assert.equal(report?.more, run === 0 || run === 1 || run === 3);
        runs.push(
          world.enqueued
            .splice(0)
            .map(({ jobId }) => jobId)
            .sort(),
        );
      }
      assert.deepEqual(runs, [ids.slice(0, 8), ids.slice(8, 16), ids.slice(16), ids.slice(0, 8)]);
    });

    it('begins nothing more when the time of a step is over, even within a page, and the next run continues there', async () => {
      const ids = Array.from({ length: 60 }, (_, i) => `job${String(i).padStart(2, '0')}`);
      for (const jobId of ids) await world.put(jobId, world.pending(HOUR_MS));
      const enqueued: string[] = [];
      const slow = {
        enqueue: ({ jobId }: TaskPayload) => {
          enqueued.push(jobId);
          world.nowMs += SWEEP_LIMITS.stepMs;
          return Promise.resolve();
        },
      };
      const reports = await world.sweep({ queue: slow });
      const { seen = 0, more } = reports.get('pending') ?? {};
      assert.ok(seen > 0 && seen < 60 && more, `${seen} of 60`);
      assert.deepEqual(enqueued.sort(), ids.slice(0, seen));
      assert.equal(reports.get('wrap_ups')?.broken, false, 'the steps after it have their own time');
      await world.sweep();
      assert.deepEqual(world.enqueued.map(({ jobId }) => jobId).sort(), ids.slice(seen));
    });

    it('leaves the rest of the deletions to the next one, too', async () => {
      const due = world.ago(0);
      for (let i = 0; i < 9; i += 1) await world.db.doc(`user_deletions/user${i}`).set({ dueAt: due });
      const objects = new UploadedObjects(world.bucket());
      objects.deleteAll = () => Promise.resolve(void (world.nowMs += SWEEP_LIMITS.stepMs));
      const report = (await world.sweep({ objects })).get('user_deletions');
      assert.ok(report!.seen > 0 && report!.seen < 9 && report!.more, `${report!.seen} of 9`);
      const left = (await world.db.collection('user_deletions').get()).size;
      assert.equal(left, 9 - report!.done);
      assert.equal((await world.sweep()).get('user_deletions')?.done, left);
    });
  });

  it('can run beside another one without harm', async () => {
    for (let i = 0; i < 10; i += 1) {
      await world.put(`dead${i}`, world.working(2 * MINUTE_MS));
      await world.put(`pending${i}`, world.pending(2 * HOUR_MS));
      await world.put(`deferred${i}`, world.deferred(2 * HOUR_MS));
      const uploading = await world.put(`uploading${i}`, { createdAt: world.ago(2 * DAY_MS) });
      await world.put(`expired${i}`, { status: 'completed', notifiedAt: world.ago(0), expiresAt: world.ago(1) });
      await world.stage(uploading.files[0]!.path, `uploads/ann/gone${i}/a.bin`);
    }
    // With equal clocks both could write the same change, and each would count it.
    const reports = await Promise.all([world.sweep(), world.sweep(world.sweeper(1))]);

    for (const { step, failed, broken } of reports.flatMap((each) => [...each.values()])) {
      assert.deepEqual({ failed, broken }, { failed: 0, broken: false }, step);
    }
    for (let i = 0; i < 10; i += 1) {
      assert.equal((await world.job(`dead${i}`)).epoch, 5);
      assert.equal((await world.job(`uploading${i}`)).status, 'failed');
      assert.equal(await world.deps.jobs.get(`expired${i}`), null);
    }
    const tasks = world.enqueued.map((each) => JSON.stringify(each));
    assert.equal(new Set(tasks).size, 30, 'every job has one task, be it enqueued once or twice');
    assert.equal(world.pushes.length, 10);
    assert.deepEqual(await world.objects(), []);
  });

  it('stores where it continues in a place that apps cannot read', async () => {
    await world.sweep();
    const collections = await world.db.listCollections();
    assert.deepEqual(
      collections.map(({ id }) => id),
      ['offline_sync_state'],
    );
    assert.ok((await world.deps.state.load()).objects?.begunAt instanceof Timestamp);
  });
});
