/** `retrySyncJob` on the real stores, with a worker that the test delivers to. */
import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { retryJob } from '../../src/completion/retry.ts';
import { AppError } from '../../src/errors.ts';
import { MAX_ATTEMPTS } from '../../src/jobs/lease.ts';
import { JobStore } from '../../src/jobs/store.ts';
import type { StagedAudio } from '../../src/storage/stagedAudio.ts';
import { assertSound, assertTranscript, sampleOf } from '../support/checks.ts';
import { CommandWorld, states } from '../support/commands.ts';
import { codeOf } from '../support/errors.ts';
import { wavWithoutAudio } from '../support/recordings.ts';
import { filesOf } from '../support/worker.ts';
import { writtenTwice } from '../support/writtenTwice.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Three conversations in one recording: three chunks. */
const garden = sampleOf('garden');
/** One chunk. */
const letter = sampleOf('letter');
/** Two recordings in one chunk. */
const train = sampleOf('train');
/** Two recordings, one chunk each. */
const walk = sampleOf('walk');

describe('retrySyncJob', () => {
  let world: CommandWorld;

  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new CommandWorld());
    await world.standIn.reset();
  });

  it('asks Deepgram only for what it refused, and ends as if nothing had happened', async () => {
    const jobId = await world.refusedJob(garden, 2);
    const before = await world.job(jobId);
    assert.deepEqual([before.status, states(before)], ['partial', ['failed']]);
    assert.ok(before.ledger.speechSeconds > 0 && before.ledger.failedSeconds > 0);
    await assertSound(world);

    const retried = await world.retry(jobId);
    assert.deepEqual(
      [retried.status, retried.epoch, retried.attempts, retried.failures, retried.finishedAt, retried.notifiedAt],
      ['pending', before.epoch + 1, 0, [], null, null],
    );
    assert.ok(retried.expiresAt.toMillis() >= world.deps.now() + 36 * DAY_MS, 'it has as long as a new job');
    assert.deepEqual(world.queued.at(-1), { jobId, uid: world.uid, epoch: retried.epoch });
    await assertSound(world);

    await world.deliver(jobId);
    const job = await world.job(jobId);
    assert.deepEqual([job.status, states(job), job.failures], ['completed', ['transcribed'], []]);
    assert.equal(await world.requests(), 1);
    await assertTranscript(world, garden);
    assert.equal(job.ledger.failedSeconds, 0);
    assert.deepEqual(await world.objects(), []);
    assert.equal(world.pushes.length, 2, 'the app is told of each end');
    await assertSound(world);
  });

  it('begins even if Firestore reports a failure of the write that began it', async () => {
    const jobId = await world.refusedJob(garden, 2);
    const { epoch } = await world.job(jobId);
    const jobs = new JobStore(writtenTwice(world.deps.db), world.deps.now);
    const retried = await retryJob(world.uid, jobId, { ...world.retryDeps, jobs });
    assert.deepEqual([retried.status, retried.epoch], ['pending', epoch + 1]);
    assert.deepEqual(world.queued.at(-1), { jobId, uid: world.uid, epoch: epoch + 1 });
  });

  it('does not touch recordings that were transcribed', async () => {
    const jobId = await world.refusedJob(walk, 2);
    const before = await world.job(jobId);
    assert.deepEqual(states(before).sort(), ['failed', 'transcribed']);
    const kept = before.files.find(({ state }) => state === 'transcribed');
    await world.retry(jobId);
    const during = await world.job(jobId);
    assert.deepEqual(
      during.files.find(({ name }) => name === kept?.name),
      kept,
    );
    assert.equal(during.ledger.audioSeconds, kept?.durationSeconds, 'the ledger has what is settled');
    await world.deliver(jobId);
    assert.equal((await world.job(jobId)).status, 'completed');
    assert.equal(await world.requests(), 1);
    await assertTranscript(world, walk);
    await assertSound(world);
  });

  it('continues behind the planned part of a recording that could not be read to its end', async () => {
    // In the silence between the first conversation and the second.
    const { words, recordings, conversations } = garden;
    const cutMs = (words[conversations[0]!.to - 1]!.endMs + words[conversations[1]!.from]!.startMs) / 2;
    const frame = Math.floor((cutMs - recordings[0]!.startedAtMs) / 20);
    const { bytes } = filesOf(garden)[0]!;
    const broken = { open: () => upToFrame(bytes, frame) } as unknown as StagedAudio;
    const jobId = await world.acceptSamples(garden);
    await world.deliver(jobId, { audio: Object.assign(broken, { delete: () => Promise.resolve() }) });
    const before = await world.job(jobId);
    assert.deepEqual([before.status, before.failures[0]?.code], ['partial', 'recording_corrupt']);
    assert.equal(await world.requests(), 1);
    await assertSound(world);

    await world.retry(jobId);
    await world.deliver(jobId);
    assert.equal((await world.job(jobId)).status, 'completed');
    assert.equal(await world.requests(), 3);
    await assertTranscript(world, garden);
    await assertSound(world);
  });

  it('reads a recording again that still cannot be read, and says so again', async () => {
    const bad = { filename: 'memo_1749502000.wav', bytes: wavWithoutAudio() };
    const jobId = await world.accept([...filesOf(letter), bad], 'phone8');
    await world.deliver(jobId);
    const before = await world.job(jobId);
    assert.equal(before.status, 'partial');
    await world.retry(jobId);
    await world.deliver(jobId);
    const after = await world.job(jobId);
    assert.deepEqual([after.status, after.failures, after.ledger], ['partial', before.failures, before.ledger]);
    assert.equal(await world.requests(), 1);
    await assertSound(world);
  });

  it('never calls a recording silent that could not be read before its job failed', async () => {
    const bad = { filename: 'memo_1749502000.wav', bytes: wavWithoutAudio() };
    const jobId = await world.accept([bad, ...filesOf(walk)], 'aaa');
    await world.standIn.behave({ status: 429, retryAfter: 30 });
    await world.deliver(jobId);
    const deferred = (await world.job(jobId)).files.find(({ name }) => name === bad.filename);
    assert.deepEqual([deferred?.state, deferred?.error?.code], ['failed', 'recording_corrupt']);
    await world.standIn.reset();
    world.aheadMs += MINUTE_MS;
    await world.deps.jobs.update(jobId, () => ({ attempts: MAX_ATTEMPTS }));
    await world.deliver(jobId);
    assert.deepEqual(
      new Set((await world.job(jobId)).failures.map(({ code }) => code)),
      new Set(['attempts_exhausted', 'recording_corrupt']),
    );
    await assertSound(world);
    await world.retry(jobId);
    await world.deliver(jobId);
    const job = await world.job(jobId);
    assert.deepEqual(
      [job.status, job.failures.map(({ file, code }) => [file, code])],
      ['partial', [[bad.filename, 'recording_corrupt']]],
    );
    assert.equal((await world.objects()).length, 1, 'its audio is kept');
    await assertTranscript(world, walk);
    await assertSound(world);
  });

  it('continues a job that was given up after too many attempts', async () => {
    const jobId = await world.deferredJob(garden, 2);
    world.aheadMs += 2 * MINUTE_MS;
    await world.deps.jobs.update(jobId, () => ({ attempts: MAX_ATTEMPTS }));
    await world.deliver(jobId);
    const before = await world.job(jobId);
    assert.deepEqual(
      [before.status, states(before), before.failures.map(({ code, retryable }) => [code, retryable])],
      ['partial', ['failed'], [['attempts_exhausted', true]]],
    );
    assert.ok(before.ledger.speechSeconds > 0 && before.ledger.failedSeconds > 0, 'the first chunk came through');
    assert.equal((await world.objects()).length, 1, 'the audio is kept');
    assert.equal(world.pushes.length, 1, 'the app is told');
    await assertSound(world);
    await world.retry(jobId);
    await world.deliver(jobId);
    assert.equal((await world.job(jobId)).status, 'completed');
    assert.equal(await world.requests(), 2, 'the first of three chunks has its result');
    await assertTranscript(world, garden);
    await assertSound(world);
  });

  it('fails only the chunk whose audio is no longer in Storage, and is refused after that', async () => {
    const jobId = await world.refusedJob(walk);
    const [first] = (await world.job(jobId)).files;
    await world.retry(jobId);
    await world.bucket().file(first!.path).delete();
    await world.deliver(jobId);
    const job = await world.job(jobId);
    assert.deepEqual(
      [job.status, job.failures.map(({ file, code }) => [file, code])],
      ['partial', [[first!.name, 'recording_missing']]],
    );
    assert.equal(await codeOf(world.retry(jobId)), 'job_not_retryable');
    await assertSound(world);
  });

  it('makes a recording a duplicate if another job has done it since', async () => {
    const failed = await world.refusedJob(letter);
    const other = await world.acceptSamples(letter);
    await world.deliver(other);
    assert.equal((await world.job(other)).status, 'completed', 'it took the place of the one that failed');
    await world.retry(failed);
    await assertSound(world);
    await world.deliver(failed);
    const job = await world.job(failed);
    assert.deepEqual([job.status, states(job)], ['completed', ['duplicate']]);
    assert.deepEqual(job.files[0]?.duplicateOf, { jobId: other, file: filesOf(letter)[0]!.filename });
    assert.equal(await world.requests(), 1);
    await assertTranscript(world, letter);
    await assertSound(world);
  });

  it('is refused while another job processes the same recording', async () => {
    const failed = await world.refusedJob(letter);
    const other = await world.deferredJob(letter);
    const before = await world.job(failed);
    assert.equal(await codeOf(world.retry(failed)), 'duplicate_in_progress');
    assert.deepEqual(await world.job(failed), before);
    world.aheadMs += MINUTE_MS;
    await world.deliver(other);
    await assertTranscript(world, letter);
    await assertSound(world);
  });

  it('never sends a planned chunk of a recording that another job has done since', async () => {
    const left = await world.deferredJob(letter);
    world.aheadMs += MINUTE_MS;
    await world.deps.jobs.update(left, () => ({ attempts: MAX_ATTEMPTS }));
    await world.deliver(left);
    assert.equal((await world.job(left)).status, 'failed');
    await world.deliver(await world.acceptSamples(letter));
    await world.retry(left);
    await world.deliver(left);
    assert.deepEqual(states(await world.job(left)), ['duplicate']);
    assert.equal(await world.requests(), 1);
    await assertTranscript(world, letter);
    await assertSound(world);
  });

  it('asks for what is left of a chunk when another job has done a part of its recordings since', async () => {
    const jobId = await world.deferredJob(train);
    world.aheadMs += MINUTE_MS;
    await world.deps.jobs.update(jobId, () => ({ attempts: MAX_ATTEMPTS }));
    await world.deliver(jobId);
    assert.deepEqual(states(await world.job(jobId)), ['failed', 'failed']);
    const [first, second] = filesOf(train);
    const other = await world.accept([second!], train.deviceId);
    await world.deliver(other);
    assert.equal((await world.job(other)).status, 'completed');

    await world.retry(jobId);
    await assertSound(world);
    await world.deliver(jobId);
    const job = await world.job(jobId);
    assert.deepEqual([job.status, job.failures], ['completed', []]);
    assert.deepEqual(
      new Map(job.files.map(({ name, state }) => [name, state])),
      new Map([
        [first!.filename, 'transcribed'],
        [second!.filename, 'duplicate'],
      ]),
    );
    assert.equal(await world.requests(), 2);
    await assertSound(world);
  });

  it('leaves a recording that another job is processing to a later retry, even if both were in one chunk', async () => {
    const jobId = await world.refusedJob(train);
    const [first, second] = filesOf(train);
    const other = await world.accept([second!], train.deviceId);
    await world.standIn.behave({ status: 429, retryAfter: 30 });
    await world.deliver(other);
    await world.standIn.reset();
    await world.retry(jobId);
    await assertSound(world);
    await world.deliver(jobId);
    const during = await world.job(jobId);
    assert.deepEqual(
      new Map(during.files.map(({ name, state }) => [name, state])),
      new Map([
        [first!.filename, 'transcribed'],
        [second!.filename, 'failed'],
      ]),
    );
    await assertSound(world);

    await world.cancel(other);
    await world.retry(jobId);
    await world.deliver(jobId);
    assert.deepEqual(states(await world.job(jobId)), ['transcribed', 'transcribed']);
    assert.equal(await world.requests(), 2);
    await assertSound(world);
  });

  it('happens once, however many requests for it come at the same time', async () => {
    const jobId = await world.refusedJob(letter);
    const { epoch } = await world.job(jobId);
    const outcomes = await Promise.allSettled([world.retry(jobId), world.retry(jobId), world.retry(jobId)]);
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal((await world.job(jobId)).epoch, epoch + 1);
    await assertSound(world);
  });

  it('is stored even if the task cannot be enqueued: the sweeper enqueues it later', async () => {
    const jobId = await world.refusedJob(letter);
    const queue = { enqueue: () => Promise.reject(new Error('no queue')) };
    const job = await retryJob(world.uid, jobId, { ...world.retryDeps, queue });
    assert.equal(job.status, 'pending');
    assert.ok(world.logger.entries.some(({ level, fields }) => level === 'error' && fields['jobId'] === jobId));
  });

  it('is refused for another user’s job, an unfinished job, a completed and a cancelled one', async () => {
    const jobId = await world.acceptSamples(letter);
    assert.equal(await codeOf(world.retry('no-such-job')), 'job_not_found');
    assert.equal(await codeOf(world.retry(jobId, 'somebody-else')), 'job_not_found');
    assert.equal(await codeOf(world.retry(jobId)), 'job_not_finished');
    await world.cancel(jobId);
    assert.equal(await codeOf(world.retry(jobId)), 'job_not_retryable');
    const done = await world.acceptSamples(letter);
    await world.deliver(done);
    assert.equal(await codeOf(world.retry(done)), 'job_not_retryable');
  });
});

/** Only the first frames of a recording, as if its file were broken in the middle. */
async function* upToFrame(bytes: Uint8Array, frames: number): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = 0;
  for (let i = 0; i < frames; i++) end += 4 + view.getUint32(end, true);
  yield bytes.subarray(0, end);
  throw new AppError('recording_corrupt');
}
