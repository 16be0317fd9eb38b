import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RELEASED_KEY } from '../../../src/completion/finish.ts';
import { failure } from '../../../src/completion/outcome.ts';
import { AppError } from '../../../src/errors.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { Job, JobFile } from '../../../src/jobs/job.ts';
import { acceptUpload } from '../../../src/upload/accept.ts';
import type { Upload } from '../../../src/upload/accept.ts';
import { assertNothingLeft, assertStaged, failing, StepByStep, filesIn } from '../../support/acceptance.ts';
import { codeOf } from '../../support/errors.ts';
import { memoryDeps, recordings, upload } from '../../support/uploads.ts';

describe('acceptUpload with an Idempotency-Key', () => {
  const keyed = (change: Partial<Upload> = {}): Upload => upload({ idempotencyKey: 'k1', ...change });

  it('answers the same content with the same job and its present status, and stages nothing again', async () => {
    const deps = memoryDeps();
    const { jobId } = await acceptUpload(deps, keyed());
    deps.jobs.setStatus(jobId, 'completed');
    deps.staging.objects.clear();
    const reversed = keyed({ recordings: [...upload().recordings].reverse() });
    const again = await acceptUpload(deps, reversed);
    assert.equal(again.jobId, jobId);
    assert.equal(again.job.status, 'completed');
    assert.equal(deps.staging.objects.size, 0);
    assert.equal(deps.queue.tasks.size, 1);
  });

  it('enqueues a pending job again, whose first enqueue may have been lost', async () => {
    const deps = memoryDeps(failing({ enqueue: 1 }));
    const { jobId } = await acceptUpload(deps, keyed());
    assert.equal(deps.queue.tasks.size, 0);
    await acceptUpload(deps, keyed());
    assert.deepEqual([...deps.queue.tasks.values()], [{ jobId, uid: 'alice', epoch: 0 }]);
  });

  it('refuses other content: other bytes, names, times or fields', async () => {
    const deps = memoryDeps();
    await acceptUpload(deps, keyed());
    const [first, ...rest] = upload().recordings;
    const others: Partial<Upload>[] = [
      { recordings: recordings(1, 2, 4) },
      { recordings: recordings(1, 2) },
      { recordings: [{ ...first!, name: 'audio_omi_pcm16_16000_1_fs160_1750000000.bin' }, ...rest] },
      { fields: { deviceId: 'phone', conversationId: null, clockOffsetMs: 0 } },
      { fields: { deviceId: null, conversationId: 'c', clockOffsetMs: 0 } },
      { fields: { deviceId: null, conversationId: null, clockOffsetMs: 1 } },
    ];
    for (const other of others) {
      assert.equal(await codeOf(acceptUpload(deps, keyed(other))), 'idempotency_conflict');
    }
    assert.equal(deps.jobs.byId.size, 1);
  });

  describe('of a job that has ended', () => {
    /** Ends the job of the upload: its first recording is transcribed, and the others have failed. */
    const ended = async (code: ErrorCode, change: Partial<Job> = {}) => {
      const deps = memoryDeps();
      const { jobId } = await acceptUpload(deps, keyed());
      const [first, ...others] = filesIn(deps.jobs, jobId);
      deps.jobs.files.byJob.set(jobId, [
        { ...first!, state: 'transcribed', durationSeconds: 60, speechSeconds: 20 },
        ...others.map((file): JobFile => ({
          ...file,
          state: 'failed',
          speechSeconds: 7,
          error: failure(file.name, code),
        })),
      ]);
      deps.jobs.byId.set(jobId, { ...deps.jobs.byId.get(jobId)!, status: 'partial', ...change });
      deps.staging.objects.clear();
      deps.queue.tasks.clear();
      return { deps, jobId };
    };

    it('begins it again if sending a recording again helps: what was done stays done, and is counted once', async () => {
      const helps = ['upload_expired', 'retention_ended', 'attempts_exhausted', 'recording_unprocessable'] as const;
      for (const code of [...helps, 'recording_missing'] as const) {
        const { deps, jobId } = await ended(code);
        const { job, files } = await acceptUpload(deps, keyed());
        assert.deepEqual([job.status, job.fileCounts.transcribed, job.fileCounts.staged], ['pending', 1, 2], code);
        assert.equal(job.ledger.speechSeconds, 20);
        assert.deepEqual(
          files.map(({ speechSeconds }) => speechSeconds).sort((a, b) => b - a),
          [20, 7, 7],
        );
        assert.equal(deps.staging.objects.size, 2);
        assert.deepEqual(
          [...deps.queue.tasks.values()].map((task) => task.jobId),
          [jobId],
        );
      }
    });

    it('returns it if sending again does not help', async () => {
      for (const code of ['recording_corrupt', 'transcription_rejected'] as const) {
        const { deps } = await ended(code);
        assert.equal((await acceptUpload(deps, keyed())).job.status, 'partial');
        assert.equal(deps.staging.objects.size, 0);
      }
    });

    it('refuses to restart a job that the user has cancelled, and begins a job anew that only lost its device', async () => {
      const { deps } = await ended('job_cancelled', { status: 'cancelled' });
      assert.equal(await codeOf(acceptUpload(deps, keyed())), 'job_cancelled');
      const left = await ended('job_cancelled', { status: 'cancelled', ...RELEASED_KEY });
      assert.equal((await acceptUpload(left.deps, keyed())).job.status, 'pending');
    });

    it('says why nothing new is accepted, and does not return a job that would not begin again', async () => {
      const { deps } = await ended('retention_ended');
      deps.fairUse.refuseUpload = () => Promise.resolve(new AppError('too_many_jobs'));
      assert.equal(await codeOf(acceptUpload(deps, keyed())), 'too_many_jobs');
    });

    it('does not accept what is cancelled while it is stored', async () => {
      const steps = new StepByStep();
      const deps = memoryDeps(steps.before);
      const sent = codeOf(acceptUpload(deps, keyed()));
      await steps.run('create', 'put', 'put', 'put');
      const [jobId] = deps.jobs.byId.keys();
      deps.jobs.setStatus(jobId!, 'cancelled');
      await steps.run('update');
      assert.equal(await sent, 'job_cancelled');
      assert.equal(deps.queue.tasks.size, 0);
    });
  });

  it('keeps users and keys apart', async () => {
    const deps = memoryDeps();
    const uploads = [keyed(), keyed({ uid: 'bob' }), keyed({ idempotencyKey: 'k2' })];
    const accepted = await Promise.all(uploads.map((sent) => acceptUpload(deps, sent)));
    assert.equal(new Set(accepted.map(({ jobId }) => jobId)).size, 3);
  });

  it('keeps the duplicates that the first request found, whatever is done meanwhile', async () => {
    const deps = memoryDeps(failing({ update: 1, discard: 1 }));
    const sent = keyed();
    const [first, second] = sent.recordings;
    const ref = { jobId: 'earlier', file: 'a.bin' };
    deps.registry.done.set(first!.name, { ref, durationSeconds: 1 });
    assert.equal(await codeOf(acceptUpload(deps, sent)), 'unavailable');
    deps.registry.done.clear();
    deps.registry.done.set(second!.name, { ref, durationSeconds: 1 });
    const { jobId } = await acceptUpload(deps, sent);
    for (const { name, state } of filesIn(deps.jobs, jobId)) {
      assert.equal(state, name === first!.name ? 'duplicate' : 'staged');
    }
    assert.equal(deps.staging.objects.size, 2);
  });

  it('finishes an upload whose earlier request died, wherever that was', async () => {
    for (const call of ['put', 'update', 'enqueue']) {
      let dead = false;
      const deps = memoryDeps((name) => {
        if (name !== call || dead) return Promise.resolve();
        dead = true;
        return new Promise(() => undefined); // The process is gone: nothing after this line runs.
      });
      void acceptUpload(deps, keyed());
      await new Promise(setImmediate);
      const sent = keyed();
      const { jobId, job } = await acceptUpload(deps, sent);
      assert.equal(job.status, 'pending', call);
      assert.equal(deps.queue.tasks.size, 1);
      assertStaged(deps, jobId, sent);
    }
  });

  it('never confirms audio that is not stored, whatever fails, dies or runs in between', async () => {
    const fates = fc.array(fc.constantFrom('works', 'works', 'works', 'works', 'fails', 'dies'), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 4 }), fates, async (scheduler, requests, fates) => {
        const pending = [...fates];
        const deps = memoryDeps(async (call) => {
          await scheduler.schedule(Promise.resolve(), call);
          const fate = pending.shift() ?? 'works';
          if (fate === 'fails') throw new Error(`${call} failed`);
          if (fate === 'dies') await new Promise(() => undefined);
        });
        const sent = keyed();
        const accepted: string[] = [];
        for (let request = 0; request < requests; request += 1) {
          void acceptUpload(deps, sent).then(
            ({ jobId }) => accepted.push(jobId),
            (error: unknown) => error,
          );
        }
        await scheduler.waitIdle();
        for (const jobId of accepted) {
          assert.equal(deps.jobs.byId.get(jobId)?.status, 'pending');
          assertStaged(deps, jobId, sent);
        }
        // Also in the other direction: a job that will run has its audio, whichever caller has learned of it.
        for (const [jobId, job] of deps.jobs.byId) if (job.status === 'pending') assertStaged(deps, jobId, sent);
      }),
      { numRuns: 1000 },
    );
  });

  it('does not start a job by a late request of an upload that was undone', async () => {
    const steps = new StepByStep();
    const deps = memoryDeps(steps.before);
    const sent = keyed({ recordings: recordings(1, 2) });
    const first = codeOf(acceptUpload(deps, sent));
    await steps.run('create');
    const second = codeOf(acceptUpload(deps, sent));
    await steps.run('create', 'get');
    const [firstA, firstB, secondA, secondB] = steps.take('put', 4);
    await secondA!.run();
    await secondB!.run();
    // The first request overwrites one object of the second, fails with the other, and undoes the job …
    await firstA!.run();
    await firstB!.fail();
    await steps.run('discard');
    // … a third request begins the job again, and has staged nothing yet when the first removes that object.
    const third = acceptUpload(deps, sent);
    await steps.run('create', 'remove');
    // For the second request, everything is staged.
    await steps.run('update');
    assert.deepEqual(
      [...deps.jobs.byId.values()].map(({ status }) => status),
      ['uploading'],
    );
    await steps.run('discard');
    await steps.run('put', 'put', 'update', 'enqueue');
    assert.deepEqual(await Promise.all([first, second]), ['unavailable', 'unavailable']);
    const { jobId, job } = await third;
    assert.equal(job.status, 'pending');
    assertStaged(deps, jobId, sent);
  });

  it('leaves nothing behind when two requests fail side by side', async () => {
    const fates = fc.array(fc.boolean(), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fates, async (scheduler, fates) => {
        const pending = [...fates];
        const deps = memoryDeps(async (call) => {
          await scheduler.schedule(Promise.resolve(), call);
          // The clean-up succeeds; the calls before it may fail.
          if (call !== 'discard' && call !== 'remove' && pending.shift() === true) throw new Error(`${call} failed`);
        });
        const requests = [acceptUpload(deps, keyed()), acceptUpload(deps, keyed())];
        const settled = Promise.allSettled(requests);
        await scheduler.waitFor(settled);
        const accepted = (await settled).some(({ status }) => status === 'fulfilled');
        if (!accepted && deps.jobs.byId.size === 0) assertNothingLeft(deps);
        if (!accepted)
          assert.deepEqual(
            [...deps.jobs.byId.values()].filter(({ status }) => status === 'uploading'),
            [],
          );
      }),
      { numRuns: 1000 },
    );
  });
});
