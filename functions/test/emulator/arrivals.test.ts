import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { endEarly } from '../../src/completion/finish.ts';
import { JobStore } from '../../src/jobs/store.ts';
import { cancelUploadsOfDevice } from '../../src/sweeper/afterDeletion.ts';
import { DirectWorld, sentRecordings } from '../support/directWorld.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../support/recordings.ts';
import { md5Of } from '../support/sdkClient.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../support/sweepWorld.ts';
import { writtenTwice } from '../support/writtenTwice.ts';

describe('recordings that arrive in Storage', () => {
  let world: DirectWorld;
  const closing = closeAfterEach();
  beforeEach(() => {
    world = closing(new DirectWorld());
  });

  const statesOf = async (jobId: string) => (await world.job(jobId)).files.map(({ state }) => state);

  it('start their job once, even if events come at once, twice, or in several instances', async () => {
    const sent = sentRecordings(12);
    const jobId = await world.begin(sent);
    const events = await Promise.all(sent.map(({ name, bytes }) => world.upload(world.path(jobId, name), bytes)));
    const instances = [world.instance(), world.instance(), world.instance()];
    await Promise.all([...events, ...events].map((event, i) => instances[i % 3]!(event)));
    const job = await world.job(jobId);
    assert.deepEqual([job.status, job.waitingFor?.reason], ['pending', 'queue']);
    assert.deepEqual(
      job.files.map(({ state, md5 }) => [state, md5]),
      sent.map(({ bytes }) => ['staged', md5Of(bytes)]),
    );
    assert.deepEqual(world.enqueued, [{ jobId, uid: 'ann', epoch: 0, redrive: 0 }]);
    // Once more after the end.
    await Promise.all(events.map((event) => instances[0]!(event)));
    assert.equal(world.enqueued.length, 1);
    assert.equal((await world.objects()).length, 12);
  });

  it('start their job even if Firestore reports a failure of the write that started it', async () => {
    const [{ name, bytes }] = sentRecordings(1) as [ReturnType<typeof sentRecordings>[0]];
    const jobId = await world.begin([{ name, size: bytes.length, md5: null }]);
    await world.instance({ jobs: new JobStore(writtenTwice(world.db), () => world.nowMs) })(
      await world.upload(world.path(jobId, name), bytes),
    );
    assert.equal((await world.job(jobId)).status, 'pending');
    assert.deepEqual(world.enqueued, [{ jobId, uid: 'ann', epoch: 0, redrive: 0 }]);
  });

  it('are cancelled with their job even if Firestore reports a failure of the write that ended it', async () => {
    const jobId = await world.begin(sentRecordings(1));
    const ended = await endEarly(jobId, 'job_cancelled', () => true, {
      ...world.deps,
      jobs: new JobStore(writtenTwice(world.db), () => world.nowMs),
    });
    assert.equal(ended?.status, 'cancelled');
    assert.equal(await endEarly(jobId, 'job_cancelled', () => true, world.deps), null, 'nothing is left to end');
  });

  it('cause no write before the last of them, and are listed together if they arrive together', async () => {
    const sent = sentRecordings(40);
    const jobId = await world.begin(sent);
    const events = await Promise.all(sent.map(({ name, bytes }) => world.upload(world.path(jobId, name), bytes)));
    await world.bucket().file(world.path(jobId, sent[0]!.name)).delete();
    const before = (await world.deps.jobs.ref(jobId).get()).updateTime!;
    let listings = 0;
    const { objects } = world.deps;
    const instance = world.instance({
      objects: {
        list: (...args) => {
          listings += 1;
          return objects.list(...args);
        },
        delete: (object) => objects.delete(object),
        seal: (object) => objects.seal(object),
      },
    });
    await Promise.all(events.map((event) => instance(event)));
    assert.ok((await world.deps.jobs.ref(jobId).get()).updateTime!.isEqual(before));
    assert.ok(listings <= 10, `${listings} listings`);
    await instance(await world.upload(world.path(jobId, sent[0]!.name), sent[0]!.bytes));
    assert.equal((await world.job(jobId)).status, 'pending');
  });

  it('change nothing if they belong to an upload request, which checks them and starts the job itself', async () => {
    await world.put('job', { files: [world.file('job', 'a.bin', 'expected')] });
    await world.instance()(await world.upload(world.path('job', 'a.bin'), Buffer.from('x')));
    assert.deepEqual([(await world.job('job')).status, ...(await statesOf('job'))], ['uploading', 'expected']);
    assert.equal((await world.objects()).length, 1);
  });

  it('are duplicates of each other if bytes and time are the same, and two recordings if the times differ', async () => {
    const bytes = pcmRecording({ frames: 1 });
    const names = [pcmName(CAPTURED_AT), pcmName(CAPTURED_AT * 1000), pcmName(CAPTURED_AT + 60)];
    const jobId = await world.begin(names.map((name) => ({ name, size: bytes.length, md5: null })));
    const instance = world.instance();
    for (const name of names.toReversed()) await instance(await world.upload(world.path(jobId, name), bytes));
    const { files } = await world.job(jobId);
    const [staged, repeated] = [
      ['staged', null],
      ['duplicate', { jobId, file: names[0] }],
    ];
    for (const { name, state, duplicateOf } of files) {
      assert.deepEqual([state, duplicateOf], name === names[1] ? repeated : staged);
    }
  });

  describe('that are wrong', () => {
    const declared = sentRecordings(1);
    const wrong = pcmRecording({ frames: 2 });
    let jobId = '';
    let path = '';
    beforeEach(async () => {
      jobId = await world.begin(declared);
      path = world.path(jobId, declared[0]!.name);
    });
    const errorOf = async () => (await world.job(jobId)).files[0]!.error;

    it('are explained even if the first handler died after it had removed them', async () => {
      const event = await world.upload(path, wrong);
      const died = new Error('died');
      const { jobs } = world.deps;
      const dying = { get: jobs.get.bind(jobs), update: () => Promise.reject(died) };
      await assert.rejects(world.instance({ jobs: dying })(event), died);
      assert.deepEqual([await world.objects(), await errorOf()], [[], null]);
      await world.instance()(event);
      assert.equal((await errorOf())?.code, 'upload_mismatch');
    });

    it('do not affect the right object that replaced them, however late their event comes', async () => {
      const late = await world.upload(path, wrong);
      await world.instance()(late);
      const right = await world.upload(path, declared[0]!.bytes);
      await world.instance()(late);
      assert.deepEqual([(await world.job(jobId)).status, await errorOf()], ['pending', null]);
      await world.instance()(right);
      assert.deepEqual(await world.objects(), [path]);
    });

    it('are not accepted when a late event reports the right object, which is gone', async () => {
      const right = await world.upload(path, declared[0]!.bytes);
      await world.bucket().file(path).delete();
      await world.instance()(right);
      assert.deepEqual([...(await statesOf(jobId)), await errorOf()], ['expected', null]);
    });
  });

  it('are removed if their job has ended, is gone, or is another user’s', async () => {
    const [{ name, bytes }] = sentRecordings(1) as [ReturnType<typeof sentRecordings>[0]];
    const cancelled = await world.begin([{ name, size: bytes.length, md5: null }]);
    await endEarly(cancelled, 'job_cancelled', () => true, world.deps);
    const foreign = world.path('of-bob', name);
    await world.put('of-bob', { uid: 'bob', files: [{ ...world.file('of-bob', name), path: foreign }] });
    for (const path of [world.path(cancelled, name), world.path('gone', name), foreign]) {
      await world.instance()(await world.upload(path, bytes));
      assert.deepEqual(await world.objects(), [], path);
    }
  });

  it('leave the job’s own document small in any state, even if there are a thousand with the longest names', async () => {
    const files = Array.from({ length: 1000 }, (_, i) => ({
      name: `${'x'.repeat(180)}_${CAPTURED_AT * 1000 + i}.wav`,
      size: 1,
      md5: null,
    }));
    const jobId = await world.begin(files);
    const ended = await endEarly(jobId, 'upload_expired', () => true, world.deps);
    assert.deepEqual([ended?.fileCounts.failed, ended?.failures.length], [1000, 20]);
    assert.ok(Buffer.byteLength(JSON.stringify(ended)) < 20_000);
  });

  describe('and whose events were lost', () => {
    it('are found by the sweeper', async () => {
      const sent = sentRecordings(3);
      const jobId = await world.begin(sent);
      for (const { name, bytes } of sent.slice(1)) await world.upload(world.path(jobId, name), bytes);
      await world.upload(world.path(jobId, sent[0]!.name), Buffer.from('wrong'));
      await world.upload(world.path(jobId, 'stray_1760000000.wav'), Buffer.from('stray'));
      assert.equal((await world.sweep()).get('uploads')!.seen, 0, 'an upload that is just under way is left alone');
      world.nowMs += 3 * MINUTE_MS;
      assert.equal((await world.sweep()).get('uploads')!.done, 1);
      assert.equal((await world.job(jobId)).files[0]!.error?.code, 'upload_mismatch');
      assert.equal((await world.objects()).length, 2);

      await world.upload(world.path(jobId, sent[0]!.name), sent[0]!.bytes);
      world.nowMs += 3 * MINUTE_MS;
      await Promise.all([world.sweep(), world.sweep()]);
      assert.equal((await world.job(jobId)).status, 'pending');
      assert.deepEqual(
        world.enqueued.map(({ redrive: _, ...task }) => task),
        [{ jobId, uid: 'ann', epoch: 0 }],
      );
    });

    it('are sealed when the event of another one starts their job', async () => {
      const sent = sentRecordings(2);
      const jobId = await world.begin(sent);
      await world.upload(world.path(jobId, sent[0]!.name), sent[0]!.bytes);
      await world.instance()(await world.upload(world.path(jobId, sent[1]!.name), sent[1]!.bytes));
      assert.equal((await world.job(jobId)).status, 'pending');
      const { objects } = await world.deps.objects.list(world.path(jobId, ''), null);
      assert.deepEqual(
        objects.map(({ isSealed }) => isSealed),
        [true, true],
      );
    });

    it('cause no write by the sweeper if nothing new has arrived', async () => {
      const jobId = await world.begin(sentRecordings(1));
      const before = (await world.deps.jobs.ref(jobId).get()).updateTime!;
      world.nowMs += 3 * MINUTE_MS;
      await world.sweep();
      assert.ok((await world.deps.jobs.ref(jobId).get()).updateTime!.isEqual(before));
    });

    it('have their task enqueued by the sweeper if the start of their job was written but not enqueued', async () => {
      const sent = sentRecordings(1);
      const jobId = await world.begin(sent);
      const event = await world.upload(world.path(jobId, sent[0]!.name), sent[0]!.bytes);
      const broken = { enqueue: () => Promise.reject(new Error('Cloud Tasks is away')) };
      await world.instance({ queue: broken })(event);
      assert.equal((await world.job(jobId)).status, 'pending');
      world.nowMs += 3 * MINUTE_MS;
      await world.sweep();
      assert.deepEqual(world.enqueued, [{ jobId, uid: 'ann', epoch: 0, redrive: 0 }]);
    });
  });

  it('are processed without those that never arrive, once nothing has arrived for a day', async () => {
    const sent = sentRecordings(3);
    const jobId = await world.begin(sent);
    await world.instance()(await world.upload(world.path(jobId, sent[0]!.name), sent[0]!.bytes));
    world.nowMs += DAY_MS - HOUR_MS;
    // Storage has its own clock, which is six hours behind the sweeper's.
    await world.sweep();
    assert.equal((await world.job(jobId)).status, 'uploading');
    world.nowMs += 2 * HOUR_MS;
    await world.sweep();
    const job = await world.job(jobId);
    assert.deepEqual([job.status, await statesOf(jobId)], ['pending', ['staged', 'failed', 'failed']]);
    assert.deepEqual(new Set(job.failures.map(({ code }) => code)), new Set(['upload_expired']));
    assert.equal((await world.objects()).length, 1);
    assert.deepEqual(
      world.enqueued.map(({ redrive: _, ...task }) => task),
      [{ jobId, uid: 'ann', epoch: 0 }],
    );
  });

  it('keep an old upload open as long as something arrives', async () => {
    const sent = sentRecordings(2);
    const jobId = await world.begin(sent);
    await world.deps.jobs.update(jobId, (job) => ({ waitingFor: { ...job.waitingFor!, until: world.ago(1) } }));
    await world.upload(world.path(jobId, sent[0]!.name), sent[0]!.bytes);
    await world.sweep();
    const { status, waitingFor } = await world.job(jobId);
    assert.equal(status, 'uploading');
    assert.ok(waitingFor!.until!.toMillis() > world.nowMs, 'it says until when it waits now');
  });

  it('fail with their job if none arrives, and the job says what to do', async () => {
    const sent = sentRecordings(2);
    const jobId = await world.begin(sent);
    world.nowMs += DAY_MS + MINUTE_MS;
    await world.sweep();
    const job = await world.job(jobId);
    assert.equal(job.status, 'failed');
    assert.deepEqual(
      job.failures.map(({ code, message, retryable }) => [code, message.includes('in a new job'), retryable]),
      Array(2).fill(['upload_expired', true, false]),
    );
    assert.deepEqual(await world.objects(), []);
    assert.deepEqual(
      world.pushes.map(({ status }) => status),
      ['failed'],
    );
  });

  it('are cancelled with their device if nothing arrived for an hour and some are missing', async () => {
    const sent = sentRecordings(2);
    const unfinished = await world.begin(sent, 'phone1', 'key');
    const accepted = await world.begin(sent.slice(0, 1), 'phone1');
    for (const [jobId, { name, bytes }] of [
      [unfinished, sent[0]!],
      [accepted, sent[0]!],
    ] as const) {
      await world.instance()(await world.upload(world.path(jobId, name), bytes));
    }
    const later = world.nowMs + HOUR_MS;
    // The objects have the real time.
    world.nowMs = Date.now();
    await world.deps.jobs.ref(unfinished).update({ createdAt: world.ago(HOUR_MS) });
    await cancelUploadsOfDevice('ann', 'phone1', world.deps);
    assert.equal((await world.job(unfinished)).status, 'uploading', 'it moves');
    world.nowMs = later;
    await cancelUploadsOfDevice('ann', 'phone1', world.deps);
    assert.deepEqual(
      [(await world.job(unfinished)).status, (await world.job(accepted)).status],
      ['cancelled', 'pending'],
    );
    assert.deepEqual(await world.objects(), [world.path(accepted, sent[0]!.name)]);
    assert.ok((await world.job(unfinished)).finishedAt instanceof Timestamp);

    // The app returns, and continues with its key.
    assert.equal(await world.begin(sent, 'phone1', 'key'), unfinished);
    assert.deepEqual(
      [(await world.job(unfinished)).status, await statesOf(unfinished)],
      ['uploading', ['expected', 'expected']],
    );
  });
});
