/** Audio that is sent again is the same recording, in whatever job, and whatever the state of the first one. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { wavFile } from '../../../dev/samples/encode.ts';
import type { Transcriber } from '../../src/transcription/transcriber.ts';
import { ffmpeg } from '../support/audio.ts';
import { assertSound, assertTranscript, sampleOf } from '../support/checks.ts';
import { CommandWorld, states } from '../support/commands.ts';
import { wavWithoutAudio } from '../support/recordings.ts';
import { pcmOf } from '../support/stereo.ts';
import { filesOf } from '../support/worker.ts';
import { sampleUpload } from '../crash/samples.ts';

const MINUTE_MS = 60_000;
const letter = sampleOf('letter');
/** Three conversations in one recording: three chunks. */
const garden = sampleOf('garden');
/** Two recordings, one chunk each. */
const walk = sampleOf('walk');

describe('the same audio again', () => {
  let world: CommandWorld;

  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new CommandWorld());
    await world.standIn.reset();
  });

  async function deliverLater(jobId: string): Promise<void> {
    world.aheadMs += 3 * MINUTE_MS;
    await world.deliver(jobId);
  }

  it('that is done is recognised at upload: it is not staged, it links to the original, and the job ends with nothing to do', async () => {
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

  it('beside new audio is not processed: only the new audio is', async () => {
    await world.deliver(await world.accept(filesOf(walk).slice(0, 1)));
    const both = await world.acceptSamples(walk);
    assert.equal((await world.objects()).length, 1);
    await world.deliver(both);
    assert.deepEqual(states(await world.job(both)), ['duplicate', 'transcribed']);
    assert.equal(await world.requests(), 2);
    await assertTranscript(world, walk);
    await assertSound(world);
  });

  it('waits while another job processes it, says so, and becomes a duplicate when that job has done it', async () => {
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

  it('replaces a failed recording', async () => {
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

  it('replaces a recording that failed in part, and sends only audio without a result', async () => {
    const first = await world.refusedJob(garden, 2);
    const before = await world.job(first);
    assert.deepEqual([before.status, before.usage.requests], ['partial', 2]);
    const usage = await world.usage();
    const again = await world.acceptSamples(garden);
    await world.deliver(again);
    const job = await world.job(again);
    assert.deepEqual([job.status, states(job), job.usage.requests], ['completed', ['transcribed'], 1]);
    assert.equal(await world.requests(), 1);
    const { speechSeconds, duplicateSeconds } = job.ledger;
    assert.deepEqual([speechSeconds, duplicateSeconds], [before.ledger.failedSeconds, before.ledger.speechSeconds]);
    assert.equal((await world.usage())['requests'], (usage['requests'] ?? 0) + 1);
    assert.equal(job.newConversationIds.length + job.updatedConversationIds.length, 1, 'of what it asked for');
    await assertTranscript(world, garden);
    await assertSound(world);
  });

  it('cut into other files is not requested again, and its speech counts once', async () => {
    await world.deliver(await world.acceptSamples(letter));
    const before = await world.usage();
    const { recordings } = sampleUpload(
      { uid: world.uid, idempotencyKey: null, scenarios: ['letter'], isRecut: true },
      world.deps.now(),
    );
    const again = await world.accept(recordings.map(({ name: filename, bytes }) => ({ filename, bytes })));
    await world.deliver(again);
    const { ledger, files } = await world.job(again);
    assert.ok(files.length === 2 && ledger.duplicateSeconds > ledger.silentSeconds, JSON.stringify(ledger));
    const { audioSeconds = 0, ...others } = await world.usage();
    const { audioSeconds: audioBefore = 0, ...othersBefore } = before;
    assert.deepEqual(others, othersBefore);
    assert.ok(
      Math.abs(audioSeconds - audioBefore - ledger.silentSeconds) < 0.01,
      `${audioSeconds} after ${audioBefore}`,
    );
    await assertSound(world);
  });

  it('takes over from several jobs that failed, one after another', async () => {
    await world.refusedJob(garden, 2, 3);
    const second = await world.refusedJob(garden, 2);
    assert.equal((await world.job(second)).usage.requests, 1);
    const third = await world.acceptSamples(garden);
    await world.deliver(third);
    assert.equal((await world.job(third)).status, 'completed');
    assert.equal(await world.requests(), 1, 'each of three chunks was transcribed in a job of its own');
    await assertTranscript(world, garden);
    await assertSound(world);
  });

  it('does not restore what its user has deleted since', async () => {
    await world.refusedJob(garden, 3);
    const [deleted] = await world.conversations();
    await world.deps.conversations.delete(world.uid, deleted!.id);
    await world.deliver(await world.acceptSamples(garden));
    const live = (await world.conversations()).filter(({ state }) => state === 'live');
    assert.deepEqual(
      [live.length, live.some(({ id }) => id === deleted!.id)],
      [garden.conversations.length - 1, false],
    );
    await assertSound(world);
  });

  it('does not wait for a job in which it has failed, although that job is not finished', async () => {
    const bad = { filename: 'memo_1749502000.wav', bytes: wavWithoutAudio() };
    const holder = await world.deferredJob(letter);
    const waiting = await world.accept([...filesOf(letter), bad], 'phone8');
    await world.deliver(waiting);
    const { status, files } = await world.job(waiting);
    assert.deepEqual(
      [status, files.find(({ name }) => name === bad.filename)?.error?.code],
      ['deferred', 'recording_corrupt'],
      'it waits for the other recording',
    );
    const again = await world.accept([bad], 'phone8');
    await world.deliver(again);
    assert.deepEqual([(await world.job(again)).status, states(await world.job(again))], ['failed', ['failed']]);
    await deliverLater(holder);
    await deliverLater(waiting);
    assert.equal((await world.job(waiting)).status, 'partial');
    await assertTranscript(world, letter);
    await assertSound(world);
  });

  it('replaces a failed recording after its own job has ended, without losing a sample', async () => {
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

  it('replaces a failed recording while its own job is processing the rest', async () => {
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

  it('in three jobs at the same time is transcribed by one of them', async () => {
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

  it('in another encoding adds no word, while an equal word of another session at the same time stays', async () => {
    world = closing(new CommandWorld({ transcriber: hearsYes }));
    const [first, second] = [pcmOf(sampleOf('memo')), pcmOf(letter)];
    const input = ['-f', 's16le', '-ar', '16000', '-ac', '1', '-i', 'pipe:0'];
    const opus = ffmpeg([...input, '-c:a', 'libopus', '-f', 'ogg', 'pipe:1'], first);
    const sessions = [
      { filename: 'first_1760000000.wav', bytes: wavFile([first]), words: 1 },
      { filename: 'first_1760000000.ogg', bytes: opus, words: 1 },
      { filename: 'second_1760000000.wav', bytes: wavFile([second]), words: 2 },
    ];
    for (const { words, ...recording } of sessions) {
      await world.deliver(await world.accept([recording], 'reset-clock'));
      const said = (await world.segments()).flatMap((segment) => segment.words);
      assert.equal(said.length, words, recording.filename);
    }
  });
});

/** Recognises one word in every chunk, a second after its beginning. */
const hearsYes: Transcriber = {
  transcribe: () =>
    Promise.resolve({
      requestId: randomUUID(),
      transcriber: 'test',
      billedSeconds: 1,
      language: 'en',
      words: [{ text: 'Yes.', startSeconds: 1, endSeconds: 1.4, confidence: 1, speaker: 0, language: 'en' }],
    }),
};
