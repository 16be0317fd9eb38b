import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AppError } from '../../../src/errors.ts';
import { acceptUpload } from '../../../src/upload/accept.ts';
import type { Upload } from '../../../src/upload/accept.ts';
import type { BeforeCall } from '../../support/memoryStores.ts';
import { memoryDeps, recordings, upload } from '../../support/uploads.ts';
import type { MemoryDeps } from '../../support/uploads.ts';

/** Fails the calls of these names, the given time each (the first is 1). */
function failing(failures: Readonly<Record<string, number>>): BeforeCall {
  const calls: Record<string, number> = {};
  return (call) => {
    calls[call] = (calls[call] ?? 0) + 1;
    return calls[call] === failures[call] ? Promise.reject(new Error(`${call} failed`)) : Promise.resolve();
  };
}

interface Step {
  readonly call: string;
  run(): Promise<void>;
  fail(): Promise<void>;
}

/** Holds every call back until the test lets it go on. */
class StepByStep {
  readonly #waiting: Step[] = [];

  readonly before: BeforeCall = (call) =>
    new Promise((resolve, reject) => {
      this.#waiting.push({
        call,
        run: () => settled(resolve),
        fail: () =>
          settled(() => {
            reject(new Error(`${call} failed`));
          }),
      });
    });

  /** The first calls of this name that wait, oldest first. */
  take(call: string, count: number): Step[] {
    const taken = this.#waiting.filter((step) => step.call === call).slice(0, count);
    assert.equal(taken.length, count, `${call} of ${this.#waiting.map((step) => step.call).join()}`);
    for (const step of taken) this.#waiting.splice(this.#waiting.indexOf(step), 1);
    return taken;
  }

  /** Lets the oldest waiting call of each name go on, one after the other. */
  async run(...calls: string[]): Promise<void> {
    await settled(() => undefined);
    for (const call of calls) await this.take(call, 1)[0]!.run();
  }
}

/** Until everything that follows from it has happened: nothing in these tests waits for a timer or for I/O. */
async function settled(act: () => void): Promise<void> {
  act();
  await new Promise(setImmediate);
}

async function codeOf(accepting: Promise<unknown>): Promise<string> {
  const error: unknown = await accepting.then(
    () => assert.fail('It was accepted.'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AppError, String(error));
  return error.code;
}

function assertNothingLeft({ jobs, staging, queue }: MemoryDeps): void {
  assert.deepEqual([[...jobs.byId.keys()], [...staging.objects.keys()], [...queue.tasks.keys()]], [[], [], []]);
}

/** Every recording of the upload is in Storage, at the path that the job names. */
function assertStaged({ jobs, staging }: MemoryDeps, jobId: string, { recordings }: Upload): void {
  const job = jobs.byId.get(jobId)!;
  assert.deepEqual(
    job.files.map(({ path }) => Buffer.from(staging.objects.get(path)?.bytes ?? [])),
    recordings.map(({ bytes }) => Buffer.from(bytes)),
  );
}

describe('acceptUpload', () => {
  it('stages every recording, then makes the job pending and enqueues it', async () => {
    const order: string[] = [];
    const deps = memoryDeps((call) => {
      order.push(call);
      return Promise.resolve();
    });
    const sent = upload();
    const { jobId, job } = await acceptUpload(deps, sent);
    assert.deepEqual(order, ['create', 'put', 'put', 'put', 'update', 'enqueue']);
    assert.equal(job.status, 'pending');
    assert.equal(job.waitingFor?.reason, 'queue');
    assert.deepEqual(deps.jobs.byId.get(jobId), job);
    assert.deepEqual([...deps.queue.tasks.values()], [{ jobId, uid: 'alice', epoch: 0 }]);
    assertStaged(deps, jobId, sent);
    for (const [index, file] of job.files.entries()) {
      const recording = sent.recordings[index]!;
      assert.equal(file.state, 'staged');
      assert.equal(file.path, `uploads/alice/${jobId}/${recording.name}`);
      assert.equal(file.md5, recording.md5);
      assert.equal(file.size, recording.bytes.length);
      assert.equal(file.startedAt.toMillis(), recording.startedAtMs);
      assert.equal(file.durationSeconds, 0.02);
    }
  });

  it('leaves nothing behind when staging fails half-way', async () => {
    for (const nth of [1, 2, 3]) {
      const deps = memoryDeps(failing({ put: nth }));
      assert.equal(await codeOf(acceptUpload(deps, upload())), 'unavailable');
      assertNothingLeft(deps);
    }
  });

  it('leaves nothing behind when the job cannot be made pending', async () => {
    const deps = memoryDeps(failing({ update: 1 }));
    assert.equal(await codeOf(acceptUpload(deps, upload())), 'unavailable');
    assertNothingLeft(deps);
  });

  it('waits for the uploads under way before it takes a failed upload back', async () => {
    let release = (): void => undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    const order: string[] = [];
    let puts = 0;
    const deps = memoryDeps(async (call) => {
      if (call === 'put') {
        puts += 1;
        if (puts === 1) await slow;
        if (puts === 2) {
          setImmediate(release);
          throw new Error('put failed');
        }
      }
      order.push(call);
    });
    assert.equal(await codeOf(acceptUpload(deps, upload())), 'unavailable');
    assert.ok(order.indexOf('discard') > order.lastIndexOf('put'), order.join());
    assertNothingLeft(deps);
  });

  it('starts no upload after one has failed', async () => {
    let puts = 0;
    const deps = memoryDeps((call) => {
      if (call === 'put') puts += 1;
      return puts === 1 ? Promise.reject(new Error('put failed')) : Promise.resolve();
    });
    const many = recordings(...Array.from({ length: 20 }, (_, value) => value));
    await codeOf(acceptUpload({ ...deps, jobs: memoryDeps().jobs }, upload({ recordings: many })));
    assert.ok(puts <= 8, String(puts));
  });

  it('keeps the objects when the job could not be taken back: it may be running', async () => {
    const deps = memoryDeps(failing({ put: 3, discard: 1 }));
    assert.equal(await codeOf(acceptUpload(deps, upload())), 'unavailable');
    assert.equal(deps.staging.objects.size, 2);
    assert.equal([...deps.jobs.byId.values()][0]?.status, 'uploading');
  });

  it('accepts a job that could not be enqueued, and logs it', async () => {
    const deps = memoryDeps(failing({ enqueue: 1 }));
    const { jobId, job } = await acceptUpload(deps, upload());
    assert.equal(job.status, 'pending');
    assert.equal(deps.queue.tasks.size, 0);
    const [entry] = deps.logger.entries;
    assert.deepEqual([entry?.level, entry?.fields['jobId'], entry?.fields['stage']], ['error', jobId, 'enqueue']);
  });

  it('marks the same bytes at the same time as a duplicate, and keeps the same bytes at another time', async () => {
    const [first, second] = recordings(7, 7);
    const again = { ...first!, name: first!.name.replace('.bin', '000.bin') };
    const deps = memoryDeps();
    const { jobId, job } = await acceptUpload(deps, upload({ recordings: [first!, second!, again] }));
    assert.deepEqual(
      job.files.map(({ state }) => state),
      ['staged', 'staged', 'duplicate'],
    );
    assert.deepEqual(job.files[2]?.duplicateOf, { jobId, file: first!.name });
    assert.equal(deps.staging.objects.size, 2);
  });

  it('stages no recording that is done already, and says where it is', async () => {
    const deps = memoryDeps();
    const sent = upload();
    const [known, ...others] = sent.recordings;
    const ref = { jobId: 'earlier', file: 'other-name.bin' };
    deps.ingest.settled.set(known!.name, { ref, durationSeconds: 9 });
    const { jobId, job } = await acceptUpload(deps, sent);
    assert.deepEqual(
      job.files.map(({ state, duplicateOf }) => [state, duplicateOf]),
      [
        ['duplicate', ref],
        ['staged', null],
        ['staged', null],
      ],
    );
    assert.deepEqual(
      [...deps.staging.objects.keys()].sort(),
      others.map(({ name }) => `uploads/alice/${jobId}/${name}`).sort(),
    );
  });

  it('runs a job that has nothing but duplicates like any other', async () => {
    const deps = memoryDeps();
    const sent = upload();
    for (const { name } of sent.recordings) {
      deps.ingest.settled.set(name, { ref: { jobId: 'earlier', file: name }, durationSeconds: 9 });
    }
    const { job } = await acceptUpload(deps, sent);
    assert.deepEqual([job.status, deps.staging.objects.size, deps.queue.tasks.size], ['pending', 0, 1]);
  });

  it('labels the job with the device of the request, or else of the first recording', async () => {
    const fields = { deviceId: 'phone', conversationId: 'c1', clockOffsetMs: 0 };
    const labelled = await acceptUpload(memoryDeps(), upload({ fields }));
    assert.deepEqual([labelled.job.deviceId, labelled.job.conversationId], ['phone', 'c1']);
    assert.deepEqual(
      labelled.job.files.map(({ deviceId }) => deviceId),
      ['omi', 'omi', 'omi'],
    );
    const plain = await acceptUpload(memoryDeps(), upload());
    assert.equal(plain.job.deviceId, 'omi');
  });

  describe('with an Idempotency-Key', () => {
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

    it('keeps users and keys apart', async () => {
      const deps = memoryDeps();
      const uploads = [keyed(), keyed({ uid: 'bob' }), keyed({ idempotencyKey: 'k2' })];
      const accepted = await Promise.all(uploads.map((sent) => acceptUpload(deps, sent)));
      assert.equal(new Set(accepted.map(({ jobId }) => jobId)).size, 3);
    });

    it('leaves it at what the first request found to be duplicates, whatever is done meanwhile', async () => {
      const deps = memoryDeps(failing({ update: 1, discard: 1 }));
      const sent = keyed();
      const [first, second] = sent.recordings;
      const ref = { jobId: 'earlier', file: 'a.bin' };
      deps.ingest.settled.set(first!.name, { ref, durationSeconds: 1 });
      assert.equal(await codeOf(acceptUpload(deps, sent)), 'unavailable');
      deps.ingest.settled.clear();
      deps.ingest.settled.set(second!.name, { ref, durationSeconds: 1 });
      const { job } = await acceptUpload(deps, sent);
      assert.deepEqual(
        job.files.map(({ state }) => state),
        ['duplicate', 'staged', 'staged'],
      );
      assert.equal(deps.staging.objects.size, 2);
    });

    it('finishes what an earlier request died over, wherever that was', async () => {
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

    it('never answers for audio that is not there, whatever fails, dies or runs in between', async () => {
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
          // The other way round too: a job that will run has its audio, whoever was told.
          for (const [jobId, job] of deps.jobs.byId) if (job.status === 'pending') assertStaged(deps, jobId, sent);
        }),
        { numRuns: 1000 },
      );
    });

    it('is not started by a straggler of an attempt that was taken back', async () => {
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
      // The first overwrites one object of the second, fails over the other, and takes the job back …
      await firstA!.run();
      await firstB!.fail();
      await steps.run('discard');
      // … a third request begins anew, and has staged nothing yet when the first removes that object.
      const third = acceptUpload(deps, sent);
      await steps.run('create', 'remove');
      // To the second, everything is staged.
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
            // Cleaning up works; what comes before may fail.
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
});
