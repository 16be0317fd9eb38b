/** `cancelSyncJob` and `acknowledgeSyncJobs` on the real stores, with a worker that the test delivers to. */
import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { acknowledgeJobs } from '../../src/jobs/acknowledge.ts';
import { cancelJob } from '../../src/completion/cancel.ts';
import type { StagedAudio } from '../../src/storage/stagedAudio.ts';
import { assertSound, assertTranscript, sampleOf } from '../support/checks.ts';
import { CommandWorld, states } from '../support/commands.ts';
import { codeOf } from '../support/errors.ts';
import { until } from '../support/until.ts';

const MINUTE_MS = 60_000;
/** Heartbeats come soon, and the lease outlasts the pauses of a busy machine. */
const LEASE_MS = 12_000;

/** Three conversations in one recording: three chunks. */
const garden = sampleOf('garden');
/** One chunk. */
const letter = sampleOf('letter');
/** Two recordings, one chunk each. */
const walk = sampleOf('walk');

describe('cancelSyncJob', () => {
  let world: CommandWorld;

  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new CommandWorld());
    await world.standIn.reset();
  });

  it('ends a job that waits, and deletes its audio', async () => {
    const jobId = await world.acceptSamples(walk);
    const job = await world.cancel(jobId);
    assert.deepEqual([job.status, states(job), job.waitingFor], ['cancelled', ['failed', 'failed'], null]);
    assert.deepEqual(
      job.failures.map(({ code }) => code),
      ['job_cancelled', 'job_cancelled'],
    );
    assert.deepEqual(await world.objects(), []);
    await world.deliver(jobId);
    assert.equal((await world.job(jobId)).status, 'cancelled', 'its task finds nothing to do');
    assert.equal(await world.requests(), 0);
    await assertSound(world);
  });

  it('keeps what is transcribed, and accounts for every second', async () => {
    const jobId = await world.deferredJob(garden, 2);
    const job = await world.cancel(jobId);
    const [chunk] = await world.chunks(jobId);
    assert.equal(job.status, 'cancelled');
    assert.ok(Math.abs(job.ledger.speechSeconds - chunk!.durationMs / 1000) < 1e-3);
    assert.ok(Math.abs(job.ledger.failedSeconds + job.ledger.speechSeconds - job.ledger.audioSeconds) < 1e-3);
    assert.equal(job.newConversationIds.length, 1);
    assert.equal((await world.conversations()).length, 1);
    assert.deepEqual(await world.objects(), []);
    assert.deepEqual(
      world.pushes.map(({ status }) => status),
      ['cancelled'],
    );
    await assertSound(world);
  });

  it('stops a worker that is in the middle of a request, and lets it write nothing more', async () => {
    const jobId = await world.acceptSamples(letter);
    await world.standIn.behave({ hang: true });
    const work = world.deliver(jobId, { leaseMs: LEASE_MS });
    await until(async () => (await world.requests()) === 1);
    await world.cancel(jobId);
    const cancelled = await world.job(jobId);
    await work; // By a heartbeat: the request would last longer than this test may.
    assert.deepEqual(await world.job(jobId), cancelled);
    await until(async () => (await world.standIn.log()).requests[0]?.outcome === 'broken');
    assert.deepEqual([await world.segments(), await world.objects()], [[], []]);
    assert.deepEqual(
      world.logger.entries.filter(({ level }) => level === 'error'),
      [],
    );
    await assertSound(world);
  });

  it('stops a worker that pauses before it asks again', async () => {
    const jobId = await world.acceptSamples(letter);
    await world.standIn.behave({ status: 503, retryAfter: 19 });
    const work = world.deliver(jobId, { leaseMs: LEASE_MS });
    await until(async () => (await world.requests()) === 1);
    await world.cancel(jobId);
    await work;
    assert.equal(await world.requests(), 1, 'it asks no more');
    assert.deepEqual(
      world.logger.entries.filter(({ level }) => level === 'error'),
      [],
      'it is no failure',
    );
  });

  it('releases the recordings: sent again, they are transcribed', async () => {
    await world.cancel(await world.acceptSamples(letter));
    const again = await world.acceptSamples(letter);
    await world.deliver(again);
    assert.deepEqual(states(await world.job(again)), ['transcribed']);
    await assertTranscript(world, letter);
    await assertSound(world);
  });

  it('changes nothing if the job has ended, and returns it', async () => {
    const jobId = await world.acceptSamples(letter);
    await world.deliver(jobId);
    const before = await world.job(jobId);
    assert.deepEqual([await world.cancel(jobId), await world.job(jobId)], [before, before]);
    assert.equal(await codeOf(world.cancel(jobId, 'somebody-else')), 'job_not_found');
    assert.equal(await codeOf(world.cancel('no-such-job')), 'job_not_found');
  });

  it('is final even if the audio cannot be deleted now: the sweeper deletes it later', async () => {
    const jobId = await world.acceptSamples(letter);
    const audio = { delete: () => Promise.reject(new Error('no Storage')) } as unknown as StagedAudio;
    const job = await cancelJob(world.uid, jobId, { ...world.deps, audio });
    assert.deepEqual([job.status, (await world.job(jobId)).notifiedAt], ['cancelled', null]);
  });
});

describe('acknowledgeSyncJobs', () => {
  let world: CommandWorld;

  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new CommandWorld());
    await world.standIn.reset();
  });

  it('marks the caller’s jobs that have ended, once, and ignores all others', async () => {
    const [done, pending] = [await world.acceptSamples(letter), await world.acceptSamples(walk)];
    await world.deliver(done);
    const acknowledge = (uid: string, ...ids: string[]): Promise<string[]> => acknowledgeJobs(uid, ids, world.deps);
    assert.deepEqual(await acknowledge('somebody-else', done), []);
    assert.equal((await world.job(done)).acknowledgedAt, null);
    assert.deepEqual(await acknowledge(world.uid, done, done, pending, 'unknown', 'a/b', '__x__'), [done]);
    const first = (await world.job(done)).acknowledgedAt;
    assert.ok(first !== null);
    world.aheadMs += MINUTE_MS;
    assert.deepEqual(await acknowledge(world.uid, done), [done]);
    assert.deepEqual((await world.job(done)).acknowledgedAt, first);
    assert.equal((await world.job(pending)).acknowledgedAt, null);
  });
});
