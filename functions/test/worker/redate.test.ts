/** Corrections of dates: by a call, or because the same audio is sent again with another time. */
import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { assertSound, sampleOf } from '../support/checks.ts';
import { states } from '../support/commands.ts';
import { codeOf } from '../support/errors.ts';
import { heldAnswers } from '../support/heldAnswers.ts';
import { RedatingWorld } from '../support/redating.ts';
import { filesOf } from '../support/worker.ts';

const HOUR_MS = 3600_000;
const letter = sampleOf('letter');
/** Three conversations in one recording: three chunks. */
const garden = sampleOf('garden');
/** Two recordings, one chunk each. */
const walk = sampleOf('walk');

describe('dates that are corrected', () => {
  let world: RedatingWorld;

  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new RedatingWorld());
    await world.standIn.reset();
  });

  for (const offsetMs of [-40 * HOUR_MS, -7000, 3000]) {
    it(`move a job by ${String(offsetMs)} ms: what was said, its conversations, and what is known of it`, async () => {
      const jobId = await world.acceptSamples(garden);
      await world.deliver(jobId);
      const [before, links] = [await world.spoken(), await world.liveIds()];
      await world.redate({ jobId, offsetMs });
      const after = before.map((word) => word.movedBy(offsetMs));
      assert.deepEqual(await world.spoken(), after);
      assert.equal((await world.liveIds()).length, links.length);
      await world.assertLinksLead(links);
      const [file] = (await world.job(jobId)).files;
      assert.equal(file!.startedAt.toMillis(), garden.recordings[0]!.startedAtMs + offsetMs);
      await assertSound(world);

      await world.deliver(await world.accept(filesOf(garden), null, { clockOffsetMs: offsetMs }));
      await world.deliver(await world.accept(filesOf(garden), null));
      assert.equal(await world.requests(), 3, 'the audio is known at both times');
      assert.deepEqual(await world.spoken(), after);
      await assertSound(world);
    });
  }

  it('come with the same audio at another time: it moves, and is a duplicate; sent again at the old time, it stays', async () => {
    const first = await world.acceptSamples(walk);
    await world.deliver(first);
    const before = await world.spoken();
    const again = await world.accept(filesOf(walk), null, { clockOffsetMs: 5 * HOUR_MS });
    await world.deliver(again);
    const job = await world.job(again);
    assert.deepEqual([job.status, states(job)], ['completed', ['duplicate', 'duplicate']]);
    assert.equal(await world.requests(), 2);
    const after = before.map((word) => word.movedBy(5 * HOUR_MS));
    assert.deepEqual(await world.spoken(), after);
    assert.deepEqual(
      (await world.job(first)).files.map(({ startedAt }) => startedAt.toMillis()),
      walk.recordings.map(({ startedAtMs }) => startedAtMs + 5 * HOUR_MS),
    );
    await world.deliver(await world.acceptSamples(walk));
    assert.deepEqual(await world.spoken(), after);
    await assertSound(world);
  });

  it('divide a conversation from which a recording is moved away, and join it again', async () => {
    const jobId = await world.acceptSamples(walk);
    await world.deliver(jobId);
    const before = await world.spoken();
    const names = [filesOf(walk)[0]!.filename];
    await world.redate({ names, offsetMs: -90 * HOUR_MS });
    await assertSound(world);
    assert.equal((await world.spoken()).length, before.length);
    await world.redate({ jobId, names, offsetMs: 90 * HOUR_MS });
    assert.deepEqual(await world.spoken(), before);
    await assertSound(world);
  });

  it('do not keep audio from being sent again at the right time after its user deleted it at the wrong one', async () => {
    await world.deliver(await world.acceptSamples(garden));
    const before = await world.spoken();
    const [deleted] = await world.liveIds();
    await world.deps.conversations.delete(world.uid, deleted!);
    const again = await world.accept(filesOf(garden), null, { clockOffsetMs: HOUR_MS });
    await world.deliver(again);
    assert.deepEqual(states(await world.job(again)), ['transcribed']);
    assert.equal(await world.requests(), 4, 'what was deleted is transcribed anew, and nothing else');
    assert.deepEqual(
      await world.spoken(),
      before.map((word) => word.movedBy(HOUR_MS)),
    );
    // At the wrong time it stays deleted.
    await world.deliver(await world.acceptSamples(garden));
    assert.equal((await world.spoken()).length, before.length);
  });

  it('end a job’s attempt, so that a late result writes nothing at the old date', async () => {
    const jobId = await world.acceptSamples(letter);
    const { transcriber, answered, give } = heldAnswers(world.deps.speech.transcriber);
    const working = world.deliver(jobId, { transcriber });
    await answered;
    await world.redate({ jobId, offsetMs: -HOUR_MS });
    give();
    await working;
    assert.deepEqual(await world.spoken(), []);
    await world.deliver(jobId);
    const [first] = await world.spoken();
    const { startedAtMs } = letter.recordings[0]!;
    assert.ok(first!.startMs < startedAtMs - HOUR_MS + 60_000, 'it is at the new date');
    assert.equal((await world.job(jobId)).status, 'completed');
    await assertSound(world);
  });

  it('move what a job that failed has stored, when the rest comes at another time', async () => {
    await world.refusedJob(garden, 3);
    const part = await world.spoken();
    const again = await world.accept(filesOf(garden), null, { clockOffsetMs: -HOUR_MS });
    await world.deliver(again);
    const after = await world.spoken();
    assert.ok(after.length > part.length);
    for (const word of part) assert.ok(after.some((each) => each.isAt(word.movedBy(-HOUR_MS))));
    assert.ok(!after.some((each) => part.some((word) => each.isAt(word))), 'nothing is left behind');
    assert.equal(await world.requests(), 1);
  });

  it('are corrected once by a call that is repeated with its key', async () => {
    const jobId = await world.acceptSamples(letter);
    await world.deliver(jobId);
    const before = await world.spoken();
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await world.redate({ jobId, offsetMs: 60_000, key: 'once' }));
    assert.deepEqual(answers[1], answers[0]);
    assert.deepEqual(answers[2], answers[0]);
    assert.deepEqual(
      await world.spoken(),
      before.map((word) => word.movedBy(60_000)),
    );
  });

  it('are finished by the next attempt if the one that began them died', async () => {
    const jobId = await world.acceptSamples(garden);
    await world.deliver(jobId);
    const before = await world.spoken();
    await assert.rejects(world.redateAndDie({ jobId, offsetMs: HOUR_MS }, 2));
    await world.deliver(await world.acceptSamples(letter));
    const letters = new Set((await world.job(jobId)).files.map(({ deviceId }) => deviceId));
    const moved = (await world.spoken()).filter(({ deviceId }) => letters.has(deviceId));
    assert.deepEqual(
      moved.map(({ text, startMs }) => [text, startMs]),
      before.map(({ text, startMs }) => [text, startMs + HOUR_MS]),
    );
    await assertSound(world);
  });

  it('are refused if they are not possible, or if there is no such job or recording', async () => {
    const jobId = await world.acceptSamples(letter);
    await world.deliver(jobId);
    const before = await world.spoken();
    assert.equal(await codeOf(world.redate({ jobId, offsetMs: -1e13 })), 'invalid_recording');
    assert.equal(await codeOf(world.redate({ jobId, offsetMs: 1e14 })), 'invalid_recording');
    assert.equal(await codeOf(world.redate({ jobId: 'none', offsetMs: 1 })), 'job_not_found');
    assert.equal(await codeOf(world.redate({ jobId, offsetMs: 1 }, 'somebody else')), 'job_not_found');
    assert.equal(await codeOf(world.redate({ names: ['none.m4a'], offsetMs: 1 })), 'recording_not_found');
    assert.equal(await codeOf(world.redate({ jobId, names: ['none.m4a'], offsetMs: 1 })), 'recording_not_found');
    assert.deepEqual(await world.spoken(), before);
  });
});
