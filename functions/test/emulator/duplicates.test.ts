/** The same audio sent again: one recording, whatever job it comes in, whatever becomes of the first. */
import assert from 'node:assert/strict';
import { assertSound, assertTranscript, sampleOf } from '../support/checks.ts';
import { CommandWorld, states } from '../support/commands.ts';
import { filesOf } from '../support/worker.ts';

const MINUTE_MS = 60_000;
const letter = sampleOf('letter');
/** Two recordings, one chunk each. */
const walk = sampleOf('walk');

describe('the same audio again', () => {
  let world: CommandWorld;

  beforeEach(async () => {
    world = new CommandWorld();
    await world.standIn.reset();
  });
  afterEach(() => world.close());

  async function deliverLater(jobId: string): Promise<void> {
    world.aheadMs += 3 * MINUTE_MS;
    await world.deliver(jobId);
  }

  it('is known at upload when it is done: not staged, linked to where it is, and the job ends with nothing to do', async () => {
    const first = await world.acceptSamples(letter);
    await world.deliver(first);
    const again = await world.acceptSamples(letter);
    assert.deepEqual(await world.objects(), []);
    const accepted = await world.job(again);
    assert.deepEqual([accepted.status, states(accepted)], ['pending', ['duplicate']]);
    assert.deepEqual(accepted.files[0]?.duplicateOf, { jobId: first, file: filesOf(letter)[0]!.filename });
    await world.deliver(again);
    assert.equal((await world.job(again)).status, 'completed');
    assert.equal(await world.requests(), 1);
    await assertTranscript(world, letter);
    await assertSound(world);
  });

  it('beside new audio leaves only the new to be done', async () => {
    await world.deliver(await world.accept(filesOf(walk).slice(0, 1)));
    const both = await world.acceptSamples(walk);
    assert.equal((await world.objects()).length, 1);
    await world.deliver(both);
    assert.deepEqual(states(await world.job(both)), ['duplicate', 'transcribed']);
    assert.equal(await world.requests(), 2);
    await assertTranscript(world, walk);
    await assertSound(world);
  });

  it('waits while another job is at it, says so, and becomes a duplicate when that one is done', async () => {
    const first = await world.deferredJob(letter);
    const second = await world.acceptSamples(letter);
    await world.deliver(second);
    const waiting = await world.job(second);
    assert.deepEqual([waiting.status, waiting.waitingFor?.reason], ['deferred', 'duplicate_in_progress']);
    assert.ok((waiting.waitingFor?.until?.toMillis() ?? Infinity) < world.deps.now() + MINUTE_MS);
    await deliverLater(first);
    await deliverLater(second);
    const job = await world.job(second);
    assert.deepEqual([job.status, states(job), job.files[0]?.duplicateOf?.jobId], ['completed', ['duplicate'], first]);
    assert.equal(await world.requests(), 1);
    await assertTranscript(world, letter);
    await assertSound(world);
  });

  it('takes the place of what failed', async () => {
    const first = await world.deferredJob(letter);
    const second = await world.acceptSamples(letter);
    await world.deliver(second);
    await world.standIn.behave({ status: 400 });
    await deliverLater(first);
    assert.deepEqual(states(await world.job(first)), ['failed']);
    await world.standIn.reset();
    await deliverLater(second);
    assert.deepEqual(states(await world.job(second)), ['transcribed']);
    await assertTranscript(world, letter);
    await assertSound(world);
  });

  it('takes the place of what failed when its own job was through with the rest, not a sample lost', async () => {
    const first = await world.accept(filesOf(walk).slice(0, 1));
    await world.standIn.behave({ status: 429, retryAfter: 30 });
    await world.deliver(first);
    await world.standIn.reset();
    const both = await world.acceptSamples(walk);
    await world.deliver(both);
    assert.deepEqual(states(await world.job(both)), ['staged', 'transcribed']);
    await world.cancel(first);
    await deliverLater(both);
    assert.deepEqual(states(await world.job(both)), ['transcribed', 'transcribed']);
    await assertTranscript(world, walk);
    await assertSound(world);
  });

  it('takes the place of what failed when its own job was in the middle of the rest', async () => {
    const first = await world.accept(filesOf(walk).slice(0, 1));
    await world.standIn.behave({ status: 429, retryAfter: 30 });
    await world.deliver(first);
    const both = await world.acceptSamples(walk);
    await world.deliver(both);
    assert.deepEqual(states(await world.job(both)), ['staged', 'staged']);
    await world.standIn.reset();
    await world.cancel(first);
    await deliverLater(both);
    assert.deepEqual(states(await world.job(both)), ['transcribed', 'transcribed']);
    assert.equal(await world.requests(), 2);
    await assertTranscript(world, walk);
    await assertSound(world);
  });

  it('in three jobs at once is transcribed by one of them', async () => {
    const jobs = await Promise.all([1, 2, 3].map(() => world.acceptSamples(letter)));
    await Promise.all(jobs.map((jobId) => world.deliver(jobId)));
    for (const jobId of jobs) await deliverLater(jobId);
    const ends = await Promise.all(jobs.map((jobId) => world.job(jobId)));
    assert.deepEqual(
      ends.map(({ status }) => status),
      ['completed', 'completed', 'completed'],
    );
    assert.deepEqual(ends.flatMap(states).sort(), ['duplicate', 'duplicate', 'transcribed']);
    assert.equal(await world.requests(), 1);
    await assertTranscript(world, letter);
    await assertSound(world);
  });
});
