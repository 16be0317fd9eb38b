import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../../dev/test/closing.ts';
import type { Job } from '../../../src/jobs/job.ts';
import { Lease, LeaseLostError } from '../../../src/jobs/lease.ts';
import { jobSteps } from '../../../src/sweeper/jobSteps.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, SweepWorld } from '../../support/sweepWorld.ts';

function assertLedgerAddsUp({ ledger }: Job): void {
  const { audioSeconds, speechSeconds, silentSeconds, duplicateSeconds, failedSeconds } = ledger;
  assert.equal(speechSeconds + silentSeconds + duplicateSeconds + failedSeconds, audioSeconds, JSON.stringify(ledger));
}

describe('The sweep of jobs', () => {
  let world: SweepWorld;

  const closing = closeAfterEach();
  beforeEach(() => {
    world = closing(new SweepWorld());
  });

  const task = (jobId: string, epoch: number, redrive = 0) => ({ jobId, uid: world.uid, epoch, redrive });

  it('finds nothing to do if there is nothing', async () => {
    for (const report of (await world.sweep()).values()) {
      const { seen, done, failed, more, broken } = report;
      assert.deepEqual(
        { seen, done, failed, more, broken },
        { seen: 0, done: 0, failed: 0, more: false, broken: false },
      );
    }
  });

  it('reads jobs without their files, because a page of large uploads would not fit into its memory', async () => {
    await world.put('dead', world.working(HOUR_MS));
    await world.put('pending', world.pending(HOUR_MS));
    await world.put('deferred', world.deferred(HOUR_MS));
    await world.put('uploading', { updatedAt: world.ago(2 * DAY_MS), createdAt: world.ago(2 * DAY_MS) });
    await world.put('ended', { status: 'failed', finishedAt: world.ago(HOUR_MS) });
    await world.put('old', { status: 'deferred', createdAt: world.ago(31 * DAY_MS) });
    await world.put('expired', { status: 'completed', notifiedAt: world.ago(0), expiresAt: world.ago(1) });
    for (const { name, due } of jobSteps(world.deps)) {
      const { docs } = await due.query.get();
      assert.ok(docs.length > 0, name);
      for (const doc of docs) {
        assert.ok(due.at(doc.data()), `${name}: where the next page begins`);
        assert.ok(!('files' in doc.data()), name);
      }
    }
  });

  it('gives a job whose lease ended more than a minute ago to another worker, under a new epoch', async () => {
    await world.put('dead', world.working(61 * SECOND_MS));
    await world.sweep();
    const { status, epoch, lease, attempts, waitingFor } = await world.job('dead');
    assert.deepEqual({ status, epoch, lease, attempts }, { status: 'pending', epoch: 5, lease: null, attempts: 1 });
    assert.equal(waitingFor?.reason, 'queue');
    assert.deepEqual(world.enqueued, [task('dead', 5)]);
  });

  it('makes a job wait whose workers die one after another', async () => {
    await world.put('dying', { ...world.working(61 * SECOND_MS), attempts: 3 });
    await world.sweep();
    const { status, waitingFor, lease } = await world.job('dying');
    assert.deepEqual([status, waitingFor?.reason, lease], ['deferred', 'internal', null]);
    assert.ok(waitingFor!.until!.toMillis() >= world.nowMs + MINUTE_MS);
    assert.deepEqual(world.enqueued, [task('dying', 5)]);
  });

  it('ignores a live lease, and one that has just ended, because the platform’s own retry comes first', async () => {
    await world.put('live', world.working(-30 * SECOND_MS));
    await world.put('just-ended', world.working(59 * SECOND_MS));
    await world.sweep();
    assert.deepEqual(world.enqueued, []);
    for (const jobId of ['live', 'just-ended']) assert.equal((await world.job(jobId)).epoch, 4);
  });

  it('enqueues a pending job that did not move for two minutes as the same task, and writes nothing', async () => {
    const before = await world.put('still', world.pending(2 * MINUTE_MS + 1));
    await world.put('fresh', world.pending(2 * MINUTE_MS - 1));
    await world.sweep();
    assert.deepEqual(world.enqueued, [task('still', 2)]);
    assert.deepEqual(await world.job('still'), before);
  });

  it('enqueues a pending job as one more task every 70 minutes, since ids stay blocked after use', async () => {
    await world.put('hour', world.pending(69 * MINUTE_MS));
    await world.put('longer', world.pending(71 * MINUTE_MS));
    await world.put('longest', world.pending(141 * MINUTE_MS));
    await world.sweep();
    assert.deepEqual(
      new Set(world.enqueued.map(({ jobId, redrive }) => `${jobId} ${redrive}`)),
      new Set(['hour 0', 'longer 1', 'longest 2']),
    );
  });

  it('wakes a deferred job a minute after its time, and not before', async () => {
    await world.put('due', world.deferred(61 * SECOND_MS));
    await world.put('almost', world.deferred(59 * SECOND_MS));
    await world.put('overdue', world.deferred(71 * MINUTE_MS));
    await world.sweep();
    assert.deepEqual(
      world.enqueued.sort((a, b) => a.redrive - b.redrive),
      [task('due', 2), task('overdue', 2, 1)],
    );
  });

  it('starts an upload that waits for nothing, for example because all its audio is known and its request died', async () => {
    for (const upload of ['direct', 'multipart'] as const) {
      const files = [world.file(upload, 'a.bin', 'duplicate'), world.file(upload, 'b.bin', 'staged')];
      await world.put(upload, { upload, files, updatedAt: world.ago(3 * MINUTE_MS) });
    }
    const files = [world.file('waiting', 'a.bin', 'duplicate'), world.file('waiting', 'b.bin', 'expected')];
    const waiting = await world.put('waiting', { upload: 'direct', files, updatedAt: world.ago(3 * MINUTE_MS) });
    await world.put('beginning', { files: files.slice(0, 1), updatedAt: world.ago(MINUTE_MS) });
    await world.sweep();
    for (const jobId of ['direct', 'multipart']) {
      const { status, waitingFor } = await world.job(jobId);
      assert.deepEqual([status, waitingFor?.reason], ['pending', 'queue'], jobId);
    }
    assert.deepEqual(
      world.enqueued.sort((a, b) => a.jobId.localeCompare(b.jobId)),
      [task('direct', 0), task('multipart', 0)],
    );
    assert.deepEqual(await world.job('waiting'), waiting, 'waits on');
    assert.equal((await world.job('beginning')).status, 'uploading', 'its request may be under way');
  });

  it('ends an upload that was not finished in time, deletes what arrived, and tells the app', async () => {
    const files = [world.file('old', 'a.bin', 'expected'), world.file('old', 'b.bin', 'expected')];
    const until = (ms: number) => ({ reason: 'uploads' as const, message: '', until: world.ago(ms) });
    await world.put('old', { files, waitingFor: until(1) });
    const young = await world.put('young', { waitingFor: until(-1) });
    await world.stage(files[0]!.path, young.files[0]!.path);
    await world.sweep();

    const job = await world.job('old');
    assert.equal(job.status, 'failed');
    assert.deepEqual(
      job.failures.map(({ file, code, retryable }) => [file, code, retryable]),
      [
        ['a.bin', 'upload_expired', false],
        ['b.bin', 'upload_expired', false],
      ],
    );
    assert.equal(job.ledger.failedSeconds, 120);
    assertLedgerAddsUp(job);
    assert.equal(job.finishedAt?.toMillis(), world.nowMs);
    assert.equal(job.expiresAt.toMillis(), world.nowMs + 7 * DAY_MS);
    assert.equal(job.notifiedAt?.toMillis(), world.nowMs);
    assert.deepEqual(
      world.pushes.map(({ jobId, status }) => [jobId, status]),
      [['old', 'failed']],
    );
    assert.equal((await world.job('young')).status, 'uploading');
    assert.deepEqual(await world.objects(), [young.files[0]!.path]);
  });

  describe('whose audio was kept long enough', () => {
    const old = (): Partial<Job> => ({ createdAt: world.ago(30 * DAY_MS + 1), expiresAt: world.ago(-7 * DAY_MS + 1) });

    it('ends them with the reason, keeps what is transcribed, and deletes the audio', async () => {
      const files = [{ ...world.file('long', 'a.bin'), speechSeconds: 12 }, world.file('long', 'b.bin', 'silent')];
      const known = { conversationIds: ['talk'], usage: { requests: 1, billedSeconds: 12 } };
      await world.put('long', { ...world.deferred(-HOUR_MS), ...old(), ...known, files });
      await world.stage(...files.map(({ path }) => path));
      const talk = { state: 'live', createdByJobId: 'long', mergedInto: null } as const;
      await world.db.doc(`users/${world.uid}/conversations/talk`).set(talk);
      await world.sweep();

      const job = await world.job('long');
      assert.equal(job.status, 'partial');
      assert.deepEqual(
        job.failures.map(({ file, code }) => [file, code]),
        [['a.bin', 'retention_ended']],
      );
      assert.deepEqual(job.ledger, {
        audioSeconds: 120,
        speechSeconds: 12,
        silentSeconds: 60,
        duplicateSeconds: 0,
        failedSeconds: 48,
      });
      assert.deepEqual(job.newConversationIds, ['talk']);
      assert.deepEqual(job.usage, { requests: 1, billedSeconds: 12 });
      assert.deepEqual(await world.objects(), []);
      assert.deepEqual(
        world.pushes.map(({ jobId, status }) => [jobId, status]),
        [['long', 'partial']],
      );
    });

    it('ends them in every unfinished state, and their workers can write nothing more', async () => {
      await world.put('pending', { ...world.pending(MINUTE_MS), ...old() });
      await world.put('worked', { status: 'pending', ...old() });
      const payload = { jobId: 'worked', uid: world.uid, epoch: 0 };
      const { lease } = await Lease.acquire(world.deps.jobs, payload, 'w', { now: world.deps.now });
      try {
        await world.sweep();
        for (const jobId of ['pending', 'worked']) {
          const job = await world.job(jobId);
          assert.equal(job.status, 'failed');
          assertLedgerAddsUp(job);
        }
        await assert.rejects(
          lease!.update(() => ({ attempts: 9 })),
          LeaseLostError,
        );
      } finally {
        await lease!.stop();
      }
    });

    it('does not end a job that its user retried late, which gave it more time', async () => {
      await world.put('retried', { ...world.deferred(-HOUR_MS), ...old(), expiresAt: world.ago(-20 * DAY_MS) });
      await world.sweep();
      assert.equal((await world.job('retried')).status, 'deferred');
    });

    it('leaves a job to its worker if every recording is final', async () => {
      await world.put('settled', {
        ...world.deferred(-HOUR_MS),
        ...old(),
        files: [world.file('settled', 'a.bin', 'transcribed')],
      });
      const report = (await world.sweep()).get('retention_ended');
      assert.deepEqual([report?.seen, report?.done, report?.failed], [1, 0, 0]);
      assert.equal((await world.job('settled')).status, 'deferred');
    });
  });

  it('deletes finished jobs whose time has passed', async () => {
    const ended = { status: 'completed', notifiedAt: world.ago(0), finishedAt: world.ago(7 * DAY_MS) } as const;
    await world.put('past', { ...ended, expiresAt: world.ago(0) });
    await world.put('readable', { ...ended, expiresAt: world.ago(-1) });
    await world.put('waiting', { ...world.deferred(-HOUR_MS), expiresAt: world.ago(1) });
    await world.sweep();
    assert.equal(await world.deps.jobs.get('past'), null);
    assert.equal((await world.job('readable')).status, 'completed');
    assert.equal((await world.job('waiting')).status, 'deferred', 'nothing vanishes that has not ended');
  });

  it('finishes, once, what a worker that died at the very end left undone', async () => {
    const files = [
      world.file('done', 'a.bin', 'transcribed'),
      world.file('done', 'b.bin', 'failed', 'recording_corrupt'),
    ];
    const ended = { status: 'partial', files, newConversationIds: ['talk'] } as const;
    await world.put('done', { ...ended, finishedAt: world.ago(2 * MINUTE_MS + 1) });
    await world.put('ending', { ...ended, finishedAt: world.ago(2 * MINUTE_MS - 1) });
    await world.stage(...files.map(({ path }) => path));
    await world.sweep();
    await world.sweep();
    assert.deepEqual(world.pushes, [
      { uid: world.uid, jobId: 'done', status: 'partial', newConversationIds: ['talk'], updatedConversationIds: [] },
    ]);
    assert.equal((await world.job('done')).notifiedAt?.toMillis(), world.nowMs);
    assert.deepEqual(await world.objects(), [files[1]!.path], 'what a retry would need stays');
  });

  it('keeps the audio of a job that failed too often, for a retry', async () => {
    const { files } = await world.put('exhausted', { status: 'failed', finishedAt: world.ago(HOUR_MS) });
    await world.stage(files[0]!.path);
    await world.sweep();
    assert.equal(world.pushes.length, 1);
    assert.deepEqual(await world.objects(), [files[0]!.path]);
  });

  it('does not mark a job as notified if its user retried it during the notification', async () => {
    await world.put('retried', { status: 'failed', finishedAt: world.ago(HOUR_MS) });
    const notifier = {
      jobFinished: async () => {
        await world.put('retried', { status: 'pending', finishedAt: null });
        return { sent: 1, removed: 0 };
      },
    };
    await world.sweep({ notifier });
    assert.equal((await world.job('retried')).notifiedAt, null);
  });
});
