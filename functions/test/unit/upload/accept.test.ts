import assert from 'node:assert/strict';
import { acceptUpload } from '../../../src/upload/accept.ts';
import { assertNothingLeft, assertStaged, failing, filesIn } from '../../support/acceptance.ts';
import { codeOf } from '../../support/errors.ts';
import { memoryDeps, recordings, upload } from '../../support/uploads.ts';
import { LEAST_BYTES, NOTHING_COUNTED } from '../../../src/usage/budget.ts';

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
    for (const file of filesIn(deps.jobs, jobId)) {
      const recording = sent.recordings.find(({ name }) => name === file.name)!;
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

  it('counts nothing against the day’s budgets when the recordings could not be stored', async () => {
    for (const failures of [{ put: 2 }, { update: 1 }, { create: 1 }]) {
      let counted = 0;
      const reserveBytes = (_uid: string, bytes: number) => {
        counted += bytes;
        return Promise.resolve(() => Promise.resolve(void (counted -= bytes)));
      };
      const memory = memoryDeps(failing(failures));
      const deps = { ...memory, budget: { ...memory.budget, reserveBytes } };
      await assert.rejects(acceptUpload(deps, upload()));
      assert.equal(counted, 0, JSON.stringify(failures));
    }
  });

  it('counts jobs and recordings with their least cost, even a recording that is known already', async () => {
    const memory = memoryDeps();
    const counted: number[] = [];
    const reserveBytes = (_uid: string, bytes: number) => {
      counted.push(bytes);
      return Promise.resolve(NOTHING_COUNTED);
    };
    const deps = { ...memory, budget: { ...memory.budget, reserveBytes } };
    const others = recordings(...Array(9).keys());
    const again = { ...others[0]!, name: others[0]!.name.replace('.bin', '000.bin') };
    await acceptUpload(deps, upload({ recordings: [...others, again] }));
    await acceptUpload(deps, upload({ recordings: recordings(1) }));
    assert.deepEqual(counted, [10 * LEAST_BYTES.recording, LEAST_BYTES.job]);
  });

  it('leaves nothing behind when the job cannot be made pending', async () => {
    const deps = memoryDeps(failing({ update: 1 }));
    assert.equal(await codeOf(acceptUpload(deps, upload())), 'unavailable');
    assertNothingLeft(deps);
  });

  it('waits for the uploads in progress before it undoes a failed upload', async () => {
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

  it('keeps the objects when the job could not be undone, because it may be running', async () => {
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
    const { jobId } = await acceptUpload(deps, upload({ recordings: [first!, second!, again] }));
    const states = new Map(filesIn(deps.jobs, jobId).map((file) => [file.name, [file.state, file.duplicateOf]]));
    assert.deepEqual(states.get(first!.name), ['staged', null]);
    assert.deepEqual(states.get(second!.name), ['staged', null]);
    assert.deepEqual(states.get(again.name), ['duplicate', { jobId, file: first!.name }]);
    assert.equal(deps.staging.objects.size, 2);
  });

  it('stages no recording that is done already, and says where it is', async () => {
    const deps = memoryDeps();
    const sent = upload();
    const [known, ...others] = sent.recordings;
    const ref = { jobId: 'earlier', file: 'other-name.bin' };
    deps.registry.done.set(known!.name, { ref, durationSeconds: 9 });
    const { jobId } = await acceptUpload(deps, sent);
    for (const { name, state, duplicateOf } of filesIn(deps.jobs, jobId)) {
      assert.deepEqual([state, duplicateOf], name === known!.name ? ['duplicate', ref] : ['staged', null]);
    }
    assert.deepEqual(
      [...deps.staging.objects.keys()].sort(),
      others.map(({ name }) => `uploads/alice/${jobId}/${name}`).sort(),
    );
  });

  it('runs a job that has nothing but duplicates like any other', async () => {
    const deps = memoryDeps();
    const sent = upload();
    for (const { name } of sent.recordings) {
      deps.registry.done.set(name, { ref: { jobId: 'earlier', file: name }, durationSeconds: 9 });
    }
    const { job } = await acceptUpload(deps, sent);
    assert.deepEqual([job.status, deps.staging.objects.size, deps.queue.tasks.size], ['pending', 0, 1]);
  });

  it('labels the job with the device of the request, or else of the first recording', async () => {
    const fields = { deviceId: 'phone', conversationId: 'c1', clockOffsetMs: 0 };
    const labelled = await acceptUpload(memoryDeps(), upload({ fields }));
    assert.deepEqual([labelled.job.deviceId, labelled.job.conversationId], ['phone', 'c1']);
    assert.deepEqual(
      labelled.files.map(({ deviceId }) => deviceId),
      ['omi', 'omi', 'omi'],
    );
    const plain = await acceptUpload(memoryDeps(), upload());
    assert.equal(plain.job.deviceId, 'omi');
  });
});
