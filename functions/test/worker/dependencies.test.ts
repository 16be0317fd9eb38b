/** A job whose requests fail at Deepgram waits, says why, keeps its audio, and later continues where it was. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import type { Behaviour } from '../../../dev/deepgram/protocol.ts';
import { RetryTaskError } from '../../src/worker/processJob.ts';
import { createDeepgramTranscriber } from '../../src/transcription/deepgram.ts';
import { assertSound, assertTranscript, sampleOf } from '../support/checks.ts';
import { until } from '../support/until.ts';
import { TestWorld } from '../support/worker.ts';

const MINUTE_MS = 60_000;
const TASK_MS = 120 * MINUTE_MS;
const letter = sampleOf('letter');

describe('when Deepgram fails', () => {
  let world: TestWorld;

  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new TestWorld());
    await world.standIn.reset();
  });

  interface Wait {
    readonly reason: string;
    /** The shortest wait, minutes. */
    readonly minutes: number;
    readonly requests: number;
    readonly level: 'warn' | 'error';
  }

  const waits: [string, Behaviour, Wait][] = [
    [
      'limits the rate and says for how long',
      { status: 429, retryAfter: 90 },
      { reason: 'transcription_rate_limited', minutes: 1.5, requests: 1, level: 'warn' },
    ],
    [
      'has an error, at each of three tries',
      { status: 500 },
      { reason: 'transcription_unavailable', minutes: 0.5, requests: 3, level: 'warn' },
    ],
    [
      'refuses the key',
      { status: 401 },
      { reason: 'transcription_not_configured', minutes: 15, requests: 1, level: 'error' },
    ],
    [
      'has no credit left',
      { status: 402 },
      { reason: 'transcription_not_configured', minutes: 15, requests: 1, level: 'error' },
    ],
  ];
  for (const [what, behaviour, wait] of waits) {
    it(`and ${what}, the job waits with its audio, and completes when it works again`, async () => {
      const jobId = await world.acceptSamples(letter);
      await world.standIn.behave(behaviour);
      const beganMs = world.deps.now();
      await world.deliver(jobId);
      const waiting = await world.job(jobId);
      assert.deepEqual([waiting.status, waiting.attempts, waiting.failures], ['deferred', 0, []]);
      assert.equal(waiting.waitingFor?.reason, wait.reason);
      assert.ok((waiting.waitingFor.until?.toMillis() ?? 0) >= beganMs + wait.minutes * MINUTE_MS);
      assert.equal((await world.standIn.log()).requests.length, wait.requests);
      assert.equal((await world.objects()).length, 1, 'the audio is kept');
      assert.deepEqual(world.queued.at(-1), { jobId, uid: world.uid, epoch: waiting.epoch });
      const entry = world.logger.entries.find(({ fields }) => fields['stage'] === 'defer');
      assert.deepEqual([entry?.level, entry?.fields['code'], entry?.fields['jobId']], [wait.level, wait.reason, jobId]);
      await assertSound(world);

      await world.standIn.reset();
      world.aheadMs += beganMs - world.deps.now(); // What came since may have taken as long as the wait.
      await assert.rejects(world.deliver(jobId), RetryTaskError, 'a task that comes early is sent away');
      assert.equal((await world.standIn.log()).requests.length, 0);

      world.aheadMs += (waiting.waitingFor.until?.toMillis() ?? 0) - world.deps.now() + 1;
      await world.deliver(jobId);
      assert.equal((await world.job(jobId)).status, 'completed');
      assert.equal((await world.standIn.log()).requests.length, 1);
      await assertTranscript(world, letter);
      await assertSound(world);
    });
  }

  /** What happens when the stand-in has received the first request. */
  interface Passing {
    /** Whether a time limit of `ms` milliseconds passes then. */
    readonly isLimit: (ms: number) => boolean;
    /** How far the clock is moved forward then, milliseconds. */
    readonly aheadMs: number;
  }

  /** Lets a time limit pass when the stand-in has received the first request, however long the machine takes to send it. */
  async function passWhenAsked({ isLimit, aheadMs }: Passing, work: () => Promise<void>): Promise<void> {
    const limit = new AbortController();
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    mock.method(AbortSignal, 'timeout', (ms: number) =>
      isLimit(ms) && !limit.signal.aborted ? limit.signal : timeout(ms),
    );
    try {
      const working = work();
      await until(async () => (await world.standIn.log()).requests.length === 1);
      world.aheadMs += aheadMs;
      limit.abort(new DOMException('The time is over.', 'TimeoutError'));
      await working;
    } finally {
      mock.restoreAll();
    }
  }

  async function assertAskedTwice(jobId: string): Promise<void> {
    assert.equal((await world.job(jobId)).status, 'completed');
    assert.equal((await world.standIn.log()).requests.length, 2);
    await assertTranscript(world, letter);
    await assertSound(world);
  }

  const stumbles: [string, Behaviour][] = [
    ['breaks off in the middle of an answer', { closeMidBody: true }],
    ['answers 200 without a result, which is no silence', { emptyOk: true }],
  ];
  for (const [what, behaviour] of stumbles) {
    it(`and once ${what}, it is asked again, and the job completes in the same attempt`, async () => {
      const jobId = await world.acceptSamples(letter);
      await world.standIn.behave({ ...behaviour, times: 1 });
      await world.deliver(jobId);
      await assertAskedTwice(jobId);
    });
  }

  it('and once does not answer at all, it is asked again, and the job completes in the same attempt', async () => {
    const jobId = await world.acceptSamples(letter);
    await world.standIn.behave({ hang: true, times: 1 });
    const timeoutMs = 123_456; // A time limit that nothing else has.
    const transcriber = createDeepgramTranscriber({
      apiKey: () => 'test',
      baseUrl: () => process.env['DEEPGRAM_STANDIN_URL'] ?? '',
      logger: world.logger,
      timeoutMs,
    });
    await passWhenAsked({ isLimit: (ms) => ms === timeoutMs, aheadMs: 0 }, () => world.deliver(jobId, { transcriber }));
    await assertAskedTwice(jobId);
  });

  it('and does not answer until the worker’s time is over, the job waits instead of losing an attempt', async () => {
    const jobId = await world.acceptSamples(letter);
    await world.standIn.behave({ hang: true });
    // Requests end shortly before the task.
    const isLimit = (ms: number): boolean => ms > TASK_MS / 2 && ms < TASK_MS;
    await passWhenAsked({ isLimit, aheadMs: TASK_MS }, () =>
      world.deliver(jobId, { taskMs: TASK_MS, leaseMs: 2 * TASK_MS }),
    );
    const waiting = await world.job(jobId);
    assert.deepEqual(
      [waiting.status, waiting.attempts, waiting.waitingFor?.reason],
      ['deferred', 0, 'transcription_unavailable'],
    );
    assert.equal((await world.standIn.log()).requests.length, 1, 'there is no time for another try');
    await world.standIn.reset();
    world.aheadMs += (waiting.waitingFor?.until?.toMillis() ?? 0) - world.deps.now() + 1;
    await world.deliver(jobId);
    assert.equal((await world.job(jobId)).status, 'completed');
    await assertTranscript(world, letter);
    await assertSound(world);
  });

  it('and refuses the audio permanently, the worker does not send it again, and does not delete it', async () => {
    const jobId = await world.acceptSamples(letter);
    await world.standIn.behave({ status: 400 });
    await world.deliver(jobId);
    const job = await world.job(jobId);
    assert.deepEqual(
      [job.status, job.failures.map(({ code, retryable }) => [code, retryable])],
      ['partial', [['transcription_rejected', false]]],
    );
    await world.deliver(jobId);
    assert.equal((await world.standIn.log()).requests.length, 1);
    assert.equal((await world.objects()).length, 1);
    await assertSound(world);
  });

  it('and refuses one recording, its neighbours complete', async () => {
    const [garden, kitchen] = [sampleOf('garden'), sampleOf('kitchen')];
    const jobId = await world.acceptSamples(letter, kitchen, garden);
    await world.standIn.behave({ status: 400, match: { nth: 2 } });
    await world.deliver(jobId, { concurrency: 1 });
    const job = await world.job(jobId);
    assert.equal(job.status, 'partial');
    assert.equal(job.files.filter(({ state }) => state === 'failed').length, 1);
    await assertSound(world);
  });

  it('time after time, each wait is longer than the one before, and no attempt is used up', async () => {
    const jobId = await world.acceptSamples(letter);
    await world.standIn.behave({ status: 503, retryAfter: 25 });
    const waitsMs: number[] = [];
    for (let i = 0; i < 5; i++) {
      await world.deliver(jobId);
      const { waitingFor, attempts, updatedAt } = await world.job(jobId);
      const untilMs = waitingFor?.until?.toMillis() ?? 0;
      assert.equal(attempts, 0);
      // Compared with the time of the write, because on a busy machine the present time is later.
      waitsMs.push(untilMs - updatedAt.toMillis());
      world.aheadMs += untilMs - world.deps.now() + 1;
    }
    for (const [i, waitMs] of waitsMs.entries())
      assert.ok(i === 0 || waitMs > 1.5 * (waitsMs[i - 1] ?? 0), waitsMs.join());
  });
});

describe('when Cloud Tasks fails', () => {
  let world: TestWorld;
  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new TestWorld());
    await world.standIn.reset();
  });

  it('and its next task cannot be enqueued, the job says so, and not that its lease was lost', async () => {
    const jobId = await world.acceptSamples(sampleOf('train'));
    const before = world.logger.entries.length;
    const queue = { enqueue: () => Promise.reject(new Error('Cloud Tasks is down')) };
    await world.deliver(jobId, { workMs: 0, maxChunkMs: 6000, queue });
    assert.equal((await world.job(jobId)).status, 'pending');
    assert.deepEqual(
      world.logger.entries.slice(before).flatMap(({ level, event }) => (level === 'info' ? [] : event)),
      ['job.not_enqueued'],
    );
  });
});
