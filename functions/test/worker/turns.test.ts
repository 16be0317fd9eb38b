/** Jobs of one user take turns, so that a backlog does not delay other users. Workers are in this process; the test delivers. */
import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { Turns } from '../../src/jobs/turns.ts';
import { processJob } from '../../src/worker/processJob.ts';
import type { WorkerChange } from '../support/worker.ts';
import { CommandWorld } from '../support/commands.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../support/recordings.ts';

describe('the jobs of one user', () => {
  let world: CommandWorld;
  let turns: Turns;
  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new CommandWorld());
    await world.standIn.reset();
    const { db, jobs, queue, now } = world.deps;
    turns = new Turns({ db, jobs, queue, logger: world.logger, maxRunningJobs: 2, now });
  });

  let uploads = 0;
  /** Silent audio: nothing to transcribe. */
  const accept = (): Promise<string> => {
    const value = uploads++;
    return world.accept([{ filename: pcmName(CAPTURED_AT + 60 * value), bytes: pcmRecording({ frames: 50, value }) }]);
  };
  const deliver = (jobId: string, change: WorkerChange = {}) => world.deliver(jobId, { turns, ...change });
  const waitOf = async (jobId: string) => {
    const { status, waitingFor } = await world.job(jobId);
    return [status, waitingFor?.reason];
  };
  /** A worker that has acquired the job, and works until it is released. */
  const busy = async (jobId: string, change: WorkerChange = {}) => {
    let release: () => void = () => undefined;
    let delivery = Promise.resolve();
    await new Promise<void>((resolve) => {
      const listener = async (): Promise<never> => {
        const released = new Promise<void>((finish) => (release = finish));
        resolve();
        await released;
        throw new Error('The worker was released.');
      };
      delivery = deliver(jobId, { ...change, listener });
    });
    return async (): Promise<void> => {
      release();
      await delivery;
    };
  };

  it('are processed up to the number of the setting; the others wait in the order of their creation, and say so', async () => {
    const jobs = [await accept(), await accept(), await accept(), await accept()] as const;
    const releases = [await busy(jobs[0]), await busy(jobs[1])];
    world.queued.length = 0;
    for (const jobId of [jobs[3], jobs[2]]) {
      await deliver(jobId);
      assert.deepEqual(await waitOf(jobId), ['deferred', 'earlier_jobs']);
    }
    const third = await world.job(jobs[2]);
    assert.deepEqual([third.attempts, third.deferrals, third.lease], [0, 0, null], 'it is no failure');
    assert.ok(third.waitingFor!.until!.toMillis() > world.deps.now());
    assert.equal(world.queued.length, 0, 'what waits has no task');

    // The first job is deferred for another reason: it is the turn of the third job, but not of the fourth.
    await releases[0]!();
    assert.deepEqual(await waitOf(jobs[0]), ['deferred', 'internal']);
    assert.deepEqual(await waitOf(jobs[2]), ['pending', 'queue']);
    assert.deepEqual(await waitOf(jobs[3]), ['deferred', 'earlier_jobs']);
    assert.equal(world.queued.at(-1)?.jobId, jobs[2]);
    await deliver(jobs[2]);
    assert.equal((await world.job(jobs[2])).status, 'completed');
    assert.deepEqual(await waitOf(jobs[3]), ['pending', 'queue'], 'and then the fourth’s');
    await deliver(jobs[3]);
    assert.equal((await world.job(jobs[3])).status, 'completed');
    await releases[1]!();
  });

  it('have no task while they wait: a backlog does not fill the queue', async () => {
    const begin = async (jobId: string): Promise<void> => {
      await turns.forNewJobs().enqueue({ jobId, uid: world.uid, epoch: 0 });
    };
    const jobs: string[] = [];
    for (let i = 0; i < 5; i++) jobs.push(await accept());
    world.queued.length = 0;
    for (const jobId of jobs) await begin(jobId);
    assert.deepEqual(
      world.queued.map(({ jobId }) => jobId),
      jobs.slice(0, 2),
    );
    // Each job that ends enqueues the next one, so the list grows during the loop.
    for (const { jobId } of world.queued) await deliver(jobId);
    assert.deepEqual(
      world.queued.map(({ jobId }) => jobId),
      jobs,
    );
    for (const jobId of jobs) assert.equal((await world.job(jobId)).status, 'completed');
  });

  it('do not delay the jobs of another user', async () => {
    const mine = [await accept(), await accept(), await accept()] as const;
    const releases = [await busy(mine[0]), await busy(mine[1])];
    const { uid } = world;
    world.uid = `other-${uid}`;
    const theirs = await accept();
    await deliver(theirs);
    assert.equal((await world.job(theirs)).status, 'completed');
    world.uid = uid;
    for (const release of releases) await release();
  });

  it('are woken by the next delivery if the worker before them died before it could wake them', async () => {
    const jobs = [await accept(), await accept(), await accept()] as const;
    const dying = { wait: turns.wait.bind(turns), pass: () => Promise.reject(new Error('died')) };
    const releases = [await busy(jobs[0], { turns: dying }), await busy(jobs[1], { turns: dying })];
    await deliver(jobs[2]);
    for (const release of releases) await release();
    assert.deepEqual(await waitOf(jobs[2]), ['deferred', 'earlier_jobs']);
    // Cloud Tasks delivers a task again that was not acknowledged.
    await processJob({ jobId: jobs[0], uid: world.uid, epoch: 0 }, { ...world.deps, turns });
    assert.deepEqual(await waitOf(jobs[2]), ['pending', 'queue']);
  });
});
