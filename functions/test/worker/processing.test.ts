import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { loadSamples } from '../../../dev/samples/samples.ts';
import type { Sample } from '../../../dev/samples/samples.ts';
import type { Job } from '../../src/jobs/job.ts';
import { MAX_ATTEMPTS } from '../../src/jobs/lease.ts';
import { processJob, RetryTaskError } from '../../src/worker/processJob.ts';
import { StagedAudio } from '../../src/storage/stagedAudio.ts';
import { assertSound } from '../support/checks.ts';
import { wavWithoutAudio } from '../support/recordings.ts';
import { pcmOf, stereoWav } from '../support/stereo.ts';
import { filesOf, TestWorld } from '../support/worker.ts';

const MINUTE_MS = 60_000;
const SAMPLES = new Map(loadSamples().map((sample) => [sample.scenario, sample]));

function sample(scenario: string): Sample {
  const found = SAMPLES.get(scenario);
  if (found === undefined) throw new Error(`There is no sample "${scenario}".`);
  return found;
}

function assertLedgerAddsUp({ ledger }: Job): void {
  const { audioSeconds, speechSeconds: speech, silentSeconds, duplicateSeconds, failedSeconds } = ledger;
  assert.ok(
    Math.abs(audioSeconds - speech - silentSeconds - duplicateSeconds - failedSeconds) < 1e-3,
    JSON.stringify(ledger),
  );
}

describe('the task', () => {
  let world: TestWorld;

  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new TestWorld());
    await world.standIn.reset();
  });

  /** Every spoken word is stored once and in its place, and no others. */
  async function assertTranscript(jobId: string, expected: Sample): Promise<void> {
    const heard = (await world.chunks(jobId)).flatMap(({ words }) => words);
    assert.deepEqual(
      heard.map(({ text }) => text),
      expected.words.map(({ text }) => text),
    );
    for (const [i, { startMs, endMs }] of heard.entries()) {
      assert.ok(Math.abs(startMs - expected.words[i]!.startMs) <= 40, `start of word ${i}`);
      assert.ok(Math.abs(endMs - expected.words[i]!.endMs) <= 40, `end of word ${i}`);
    }
    const text = (await world.segments()).map((segment) => segment.text).join(' ');
    assert.equal(text, expected.words.map((word) => word.text).join(' '));
  }

  for (const scenario of [
    'kitchen',
    'workshop',
    'train',
    'garden',
    'walk',
    'market',
    'harbour',
    'letter',
    'errand',
    'memo',
  ]) {
    it(`turns the sample "${scenario}" into its conversations, every word once and in its place`, async () => {
      const expected = sample(scenario);
      const jobId = await world.acceptSamples(expected);
      await world.deliver(jobId);

      const job = await world.job(jobId);
      assert.equal(job.status, 'completed', JSON.stringify(job.failures));
      await assertTranscript(jobId, expected);
      const conversations = await world.conversations();
      assert.deepEqual(
        conversations.map(({ state, startedAt, finishedAt }) => ({
          state,
          early: Math.abs(startedAt.toMillis() - expected.words[0]!.startMs) > 1e9,
          length: Math.round((finishedAt.toMillis() - startedAt.toMillis()) / 100),
        })),
        expected.conversations.map(({ from, to }) => ({
          state: 'live',
          early: false,
          length: Math.round((expected.words[to - 1]!.endMs - expected.words[from]!.startMs) / 100),
        })),
      );
      assert.deepEqual([...job.newConversationIds].sort(), conversations.map(({ id }) => id).sort());
      assert.deepEqual(job.updatedConversationIds, []);
      assertLedgerAddsUp(job);
      const recorded = expected.recordings.reduce((sum, { durationMs }) => sum + durationMs / 1000, 0);
      assert.ok(Math.abs(job.ledger.audioSeconds - recorded) < 0.02, `${job.ledger.audioSeconds} of ${recorded}`);
      assert.deepEqual(await world.objects(), [], 'staged recordings are deleted');
      assert.deepEqual(
        world.pushes.map((push) => [push.jobId, push.status]),
        [[jobId, 'completed']],
      );
    });
  }

  it('completes silence without asking Deepgram', async () => {
    const jobId = await world.acceptSamples(sample('night'));
    await world.deliver(jobId);
    const job = await world.job(jobId);
    assert.equal(job.status, 'completed');
    assert.deepEqual(
      job.files.map(({ state }) => state),
      ['silent'],
    );
    assert.equal(job.ledger.silentSeconds, job.ledger.audioSeconds);
    assert.deepEqual((await world.standIn.log()).requests, []);
    assert.deepEqual(await world.conversations(), []);
    assert.deepEqual(await world.objects(), []);
  });

  it('transcribes the two channels of a call separately if that is set: each is one speaker, and both are billed', async () => {
    world = closing(new TestWorld({ channels: 'separate' }));
    const [caller, callee] = [sample('memo'), sample('letter')];
    const bytes = stereoWav(pcmOf(caller), pcmOf(callee));
    const jobId = await world.accept([{ filename: 'call_1760000000.wav', bytes }]);
    await world.deliver(jobId);
    const spoken = (speaker: number | null): string[] =>
      segments.filter((each) => each.speaker === speaker).flatMap(({ words }) => words.map(({ text }) => text));
    const segments = await world.segments();
    const speakers = [...new Set(segments.map(({ speaker }) => speaker))];
    assert.deepEqual(
      speakers.map(spoken).sort(),
      [caller, callee].map(({ words }) => words.map(({ text }) => text)).sort(),
    );
    const { requests } = await world.standIn.log();
    const job = await world.job(jobId);
    const sent = requests.reduce((sum, { audioSeconds }) => sum + audioSeconds, 0);
    assert.ok(Math.abs(job.usage.billedSeconds - 2 * sent) < 1e-3, `${job.usage.billedSeconds} s of ${sent} s`);
    assertLedgerAddsUp(job);
    await assertSound(world);
  });

  it('transcribes a word whole that lies across two files', async () => {
    const jobId = await world.acceptSamples(sample('train'));
    await world.deliver(jobId);
    const [first] = await world.chunks(jobId);
    const recordings = new Set(first!.spans.map(({ fileName }) => fileName));
    assert.equal(recordings.size, 2, 'one chunk crosses the file boundary');
    const { words } = first!;
    const boundary = sample('train').recordings[1]!.startedAtMs;
    assert.ok(
      words.some(({ text, startMs, endMs }) => /journey/i.test(text) && startMs < boundary && endMs > boundary),
    );
  });

  it('drops a task whose job is gone', async () => {
    await processJob({ jobId: 'nobody', uid: world.uid, epoch: 0 }, world.deps);
    assert.deepEqual(
      world.logger.entries.map(({ fields }) => fields['reason']),
      ['missing'],
    );
  });

  it('refuses a task that names another user, logs a security event and changes nothing', async () => {
    const jobId = await world.acceptSamples(sample('letter'));
    const before = await world.job(jobId);
    await processJob({ jobId, uid: 'somebody-else', epoch: before.epoch }, world.deps);
    assert.deepEqual(await world.job(jobId), before);
    assert.equal((await world.objects()).length, 1);
    const event = world.logger.entries.find(({ fields }) => fields['securityEvent'] === 'uid_mismatch');
    assert.equal(event?.level, 'error');
  });

  it('acknowledges a second delivery of a completed job without doing anything again', async () => {
    const jobId = await world.acceptSamples(sample('letter'));
    await world.deliver(jobId);
    const [job, segments, usage] = [await world.job(jobId), await world.segments(), await world.usage()];
    await world.deliver(jobId);
    assert.deepEqual(await world.job(jobId), job);
    assert.deepEqual(await world.segments(), segments);
    assert.deepEqual(await world.usage(), usage);
    assert.equal((await world.standIn.log()).requests.length, 1);
    assert.equal(world.pushes.length, 1);
  });

  it('processes one of two concurrent deliveries, and asks for the other to be delivered again later', async () => {
    const jobId = await world.acceptSamples(sample('letter'));
    const { transcriber } = world.deps.speech;
    let second: Promise<void> | undefined;
    // The second delivery comes during the first one's request.
    await world.deliver(jobId, {
      transcriber: {
        transcribe: async (request, signal) => {
          second ??= world.deliver(jobId);
          await assert.rejects(second, RetryTaskError);
          return transcriber.transcribe(request, signal);
        },
      },
    });
    assert.ok(second !== undefined);
    assert.equal((await world.job(jobId)).status, 'completed');
    assert.equal((await world.standIn.log()).requests.length, 1);
  });

  it('completes a job that failed too often if nothing is left to do', async () => {
    const jobId = await world.acceptSamples(sample('letter'));
    const jobs = Object.create(world.deps.jobs) as typeof world.deps.jobs;
    jobs.update = (id, decide) =>
      world.deps.jobs.update(id, async (job, tx) => {
        const change = await decide(job, tx);
        if (change?.status === 'completed') throw new Error('Firestore does not write.');
        return change;
      });
    await world.deliver(jobId, { jobs });
    const waiting = await world.job(jobId);
    assert.deepEqual([waiting.status, waiting.waitingFor?.reason], ['deferred', 'internal']);
    assert.deepEqual(waiting.files[0]?.state, 'transcribed', 'what is done is final');
    world.aheadMs += MINUTE_MS;
    await world.deps.jobs.update(jobId, () => ({ attempts: MAX_ATTEMPTS }));
    await world.deliver(jobId);
    const job = await world.job(jobId);
    assert.deepEqual([job.status, job.failures, job.files[0]?.state], ['completed', [], 'transcribed']);
    assertLedgerAddsUp(job);
    await assertSound(world);
  });

  it('ends even if the audio cannot be deleted, which is tried again later', async () => {
    const jobId = await world.acceptSamples(sample('letter'));
    const LEASE_MS = 9000;
    class Broken extends StagedAudio {
      override async deleteListed(): Promise<void> {
        // Long enough for a heartbeat, which would notice if the lease had been released.
        await delay(LEASE_MS / 2);
        throw new Error('Storage does not answer.');
      }
      override delete(): Promise<void> {
        return Promise.reject(new Error('Storage does not answer.'));
      }
    }
    const audio = new Broken(world.bucket());
    await world.deliver(jobId, { audio, leaseMs: LEASE_MS });
    assert.deepEqual([(await world.job(jobId)).status, world.pushes.length], ['completed', 0]);
    await world.deliver(jobId);
    assert.deepEqual(await world.objects(), []);
    assert.equal(world.pushes.length, 1);
  });

  it('logs the message of an error and never the object, which contains requests with their headers', async () => {
    const jobId = await world.acceptSamples(sample('letter'));
    class Broken extends StagedAudio {
      override open(): never {
        throw Object.assign(new Error('Storage does not answer.'), { config: { headers: 'Bearer secret' } });
      }
    }
    await world.deliver(jobId, { audio: new Broken(world.bucket()) });
    const entry = world.logger.entries.find(({ event }) => event === 'job.deferred');
    assert.match(JSON.stringify(entry?.fields['cause']), /Storage does not answer/);
    assert.doesNotMatch(inspect(entry, { depth: 10 }), /secret/);
  });

  it('finishes the good recordings of a job with an unusable one, and says why that one failed', async () => {
    const good = sample('letter');
    const bad = { filename: 'memo_1749502000.wav', bytes: wavWithoutAudio() };
    const jobId = await world.accept([...filesOf(good), bad], 'phone8');
    await world.deliver(jobId);
    const job = await world.job(jobId);
    assert.equal(job.status, 'partial');
    assert.deepEqual(
      job.files.map(({ state }) => state),
      ['transcribed', 'failed'],
    );
    assert.deepEqual(
      job.failures.map(({ file, code }) => [file, code]),
      [['memo_1749502000.wav', 'recording_corrupt']],
    );
    assert.deepEqual(await world.objects(), [`uploads/${world.uid}/${jobId}/memo_1749502000.wav`], 'kept for a retry');
    assertLedgerAddsUp(job);
  });

  it('fails a recording that is gone from Storage, and not its neighbours', async () => {
    const jobId = await world.acceptSamples(sample('walk'));
    const [first] = (await world.job(jobId)).files;
    await world.bucket().file(first!.path).delete();
    await world.deliver(jobId);
    const job = await world.job(jobId);
    assert.equal(job.status, 'partial');
    assert.deepEqual(
      job.failures.map(({ code }) => code),
      ['recording_missing'],
    );
    assert.equal(job.files.filter(({ state }) => state === 'transcribed').length, 1);
    assertLedgerAddsUp(job);
  });

  it('marks audio that another job has transcribed as a duplicate, and does not send it again', async () => {
    const expected = sample('letter');
    await world.deliver(await world.acceptSamples(expected));
    const [original] = filesOf(expected);
    const again = await world.accept([
      { ...original!, filename: original!.filename.replace('1749501900', '1749509999') },
    ]);
    await world.deliver(again);
    const job = await world.job(again);
    assert.equal(job.status, 'completed');
    assert.deepEqual(
      job.files.map(({ state }) => state),
      ['duplicate'],
    );
    assert.equal(job.ledger.duplicateSeconds, job.ledger.audioSeconds);
    assert.ok(job.ledger.audioSeconds > 0);
    assert.equal((await world.standIn.log()).requests.length, 1);
    assert.deepEqual(await world.objects(), []);
    assertLedgerAddsUp(job);
  });

  it('continues under a new epoch whenever time is up, and ends with the same words', async () => {
    const expected = sample('garden');
    const jobId = await world.acceptSamples(expected);
    let deliveries = 0;
    for (; (await world.job(jobId)).status !== 'completed'; deliveries++) {
      assert.ok(deliveries < 30, 'every attempt gets further');
      // Time for one of many steps: a request has six seconds of audio, and all phrases are shorter.
      await world.deliver(jobId, { workMs: 0, maxChunkMs: 6000 });
    }
    assert.ok(deliveries > 5, `it took ${deliveries} attempts`);
    assert.deepEqual(
      world.queued.map(({ epoch }) => epoch),
      Array.from({ length: deliveries }, (_, epoch) => epoch),
    );
    await assertTranscript(jobId, expected);
    const requests = (await world.standIn.log()).requests.length;
    assert.equal(requests, (await world.chunks(jobId)).length, 'no chunk was asked for twice');
    assert.ok(requests >= 5, `it took ${requests} requests`);
    assertLedgerAddsUp(await world.job(jobId));
    await assertSound(world);
  });
});
