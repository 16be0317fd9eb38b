/** The daily budgets, which limit what users can cost the operator, on the Firestore emulator. */
import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { AppError } from '../../src/errors.ts';
import { acceptUpload } from '../../src/upload/accept.ts';
import { DailyBudget, LEAST_BYTES } from '../../src/usage/budget.ts';
import type { BudgetLimits } from '../../src/usage/budget.ts';
import { usageOf } from '../../src/usage/usage.ts';
import { assertTranscript, sampleOf } from '../support/checks.ts';
import { CommandWorld } from '../support/commands.ts';
import { codeOf } from '../support/errors.ts';
import { recordingLogger } from '../support/logger.ts';
import { db, project } from '../support/suite.ts';
import { recordings, upload } from '../support/uploads.ts';

const DAY_MS = 24 * 3600 * 1000;
const NONE = { detectedSeconds: 0, sentSeconds: 0, uploadedBytes: 0, sharedBytes: 0 };
/** Each test has its own days in a far year, because the counters of the project are shared by all tests. */
const DAYS_OF_A_TEST = 5;
let nextDay = Date.UTC(2200, 0, 1) + Math.floor(Math.random() * 300_000) * DAY_MS;

describe('the daily budget', () => {
  let nowMs: number;
  let logger: ReturnType<typeof recordingLogger>;
  beforeEach(() => {
    nowMs = nextDay += DAYS_OF_A_TEST * DAY_MS;
    logger = recordingLogger();
  });

  const budget = (limits: { user?: Partial<BudgetLimits['user']>; project?: Partial<BudgetLimits['project']> }) =>
    new DailyBudget({
      db,
      limits: { user: { ...NONE, ...limits.user }, project: { ...NONE, ...limits.project } },
      logger,
      now: () => nowMs,
    });
  const usageToday = (uid: string) => usageOf(db, uid, new Date(nowMs).toISOString().slice(0, 10)).get();
  const used = async (uid: string) => (await usageToday(uid)).get('detectedSeconds') as number | undefined;
  const bytesOf = async (uid: string) => ((await usageToday(uid)).get('uploadedBytes') ?? 0) as number;

  it('of a user is used up for that user alone, and is renewed at midnight UTC', async () => {
    const { spend } = bound(budget({ user: { detectedSeconds: 100 } }));
    await spend('ann', 'detectedSeconds', 99);
    await spend('ann', 'detectedSeconds', 50);
    assert.equal(await codeOf(spend('ann', 'detectedSeconds', 1)), 'daily_budget_used');
    assert.equal(await used('ann'), 149, 'a refusal counts nothing');
    await spend('bob', 'detectedSeconds', 1);
    await spend('ann', 'sentSeconds', 1);
    nowMs += DAY_MS;
    await spend('ann', 'detectedSeconds', 1);
  });

  it('of the project is used up for all users, however many share it', async () => {
    const { spend } = bound(budget({ project: { sentSeconds: 100 } }));
    for (let user = 0; user < 10; user++) await spend(`user-${String(user)}`, 'sentSeconds', 10);
    assert.equal(await codeOf(spend('newcomer', 'sentSeconds', 1)), 'project_budget_used');
    nowMs += DAY_MS;
    await spend('newcomer', 'sentSeconds', 1);
  });

  it('loses no count when many workers count at once', async () => {
    const { spend } = bound(budget({ project: { sentSeconds: 200 } }));
    await Promise.all(Array.from({ length: 40 }, (_, user) => spend(`many-${String(user)}`, 'sentSeconds', 5)));
    assert.equal(await codeOf(spend('newcomer', 'sentSeconds', 1)), 'project_budget_used');
  });

  it('causes one log entry each at 50, 80 and 100 per cent of the project’s budget', async () => {
    const { spend } = bound(budget({ project: { uploadedBytes: 1000 } }));
    for (let i = 0; i < 10; i++) await spend(`user-${String(i)}`, 'uploadedBytes', 100);
    assert.deepEqual(
      logger.entries.map(({ level, event, fields }) => [level, event, fields['percent']]),
      [
        ['warn', 'budget.used', 50],
        ['warn', 'budget.used', 80],
        ['error', 'budget.used', 100],
      ],
    );
  });

  it('causes its log entry whichever of many simultaneous counts passes the mark', async () => {
    const { spend } = bound(budget({ project: { sentSeconds: 100 } }));
    await Promise.all(Array.from({ length: 12 }, (_, user) => spend(`at-once-${String(user)}`, 'sentSeconds', 5)));
    await spend('the next', 'sentSeconds', 1);
    assert.deepEqual(
      logger.entries.map(({ fields }) => fields['percent']),
      [50],
    );
  });

  it('of bytes is not exceeded by simultaneous requests, nor by one that is larger than the budget', async () => {
    const bytes = budget({ user: { uploadedBytes: 100 }, project: { uploadedBytes: 1000 } });
    const atOnce = await Promise.all(Array.from({ length: 12 }, () => bytes.reserveBytes('greedy', 60)));
    assert.equal(atOnce.filter((reserved) => !(reserved instanceof AppError)).length, 2);
    assert.equal(await bytesOf('greedy'), 120);
    const huge = await bytes.reserveBytes('liar', 101);
    assert.ok(huge instanceof AppError && huge.code === 'payload_too_large');
    assert.equal(await bytesOf('liar'), 0);
    const honest = await bytes.reserveBytes('honest', 100);
    assert.ok(!(honest instanceof AppError), 'the rest of the project’s budget is there for others');
  });

  it('gets bytes back on the day on which they were counted, even after midnight', async () => {
    const reserved = await budget({}).reserveBytes('late', 60);
    assert.ok(!(reserved instanceof AppError));
    assert.equal(await bytesOf('late'), 60);
    nowMs += DAY_MS;
    await reserved();
    assert.equal(await bytesOf('late'), 0);
    nowMs -= DAY_MS;
    assert.equal(await bytesOf('late'), 0);
  });

  it('counts short audio exactly, and an hour in blocks that add at most ten minutes', async () => {
    const short = budget({}).audioMeter('short');
    await short(12);
    assert.equal(await used('short'), 12);
    const long = budget({}).audioMeter('long');
    for (let minute = 0; minute < 60; minute++) void long(60);
    await long(0);
    const counted = (await used('long')) ?? 0;
    assert.ok(counted >= 3600 && counted <= 4200, String(counted));
  });

  describe('of a job', () => {
    let world: CommandWorld;
    const closing = closeAfterEach();
    beforeEach(async () => {
      world = closing(new CommandWorld({}, project));
      await world.standIn.reset();
      world.aheadMs = nowMs - Date.now();
    });

    const deliver = (jobId: string, limits: Parameters<typeof budget>[0]) =>
      world.deliver(jobId, { budget: budget(limits), concurrency: 1 });
    const waitsFor = async (jobId: string) => {
      const { status, waitingFor, attempts } = await world.job(jobId);
      return [status, waitingFor?.reason, attempts];
    };

    it('counts silence, too: decoding and detection cost money', async () => {
      const jobId = await world.acceptSamples(sampleOf('night'));
      await deliver(jobId, {});
      const detectedSeconds = (await used(world.uid)) ?? 0;
      assert.ok(detectedSeconds > 10, String(detectedSeconds));
      const next = await world.acceptSamples(sampleOf('letter'));
      await deliver(next, { user: { detectedSeconds } });
      assert.deepEqual(await waitsFor(next), ['deferred', 'daily_budget_used', 0]);
      assert.equal(await world.requests(), 0);
    });

    it('makes the job wait for the next day if it is used up, with its audio, and finish then', async () => {
      const letter = sampleOf('letter');
      await bound(budget({})).spend('others', 'sentSeconds', 50);
      const jobId = await world.acceptSamples(letter);
      await deliver(jobId, { project: { sentSeconds: 50 } });
      assert.deepEqual(await waitsFor(jobId), ['deferred', 'project_budget_used', 0]);
      assert.equal(await world.requests(), 0);
      assert.equal((await world.objects()).length, letter.recordings.length);
      nowMs += DAY_MS;
      world.aheadMs += DAY_MS;
      await deliver(jobId, { project: { sentSeconds: 50 } });
      assert.equal((await world.job(jobId)).status, 'completed');
      await assertTranscript(world, letter);
    });

    it('is not used up by requests that the service refuses, even if the answer comes on the next day', async () => {
      const jobId = await world.acceptSamples(sampleOf('letter'));
      const { transcriber } = world.deps.speech;
      for (const status of [402, 429]) {
        await world.standIn.behave({ status, ...(status === 429 ? { retryAfter: 60 } : {}) });
        const midnight: typeof transcriber = {
          transcribe: (request, signal) =>
            transcriber.transcribe(request, signal).finally(() => {
              nowMs += DAY_MS;
            }),
        };
        await world.deliver(jobId, { budget: budget({ project: { sentSeconds: 1 } }), transcriber: midnight });
        assert.match(String((await waitsFor(jobId))[1]), /transcription_(not_configured|rate_limited)/);
        world.aheadMs += DAY_MS;
      }
      const days = await db.collection(`users/${world.uid}/usage`).get();
      assert.deepEqual(
        days.docs.map((doc) => doc.get('sentSeconds') as unknown),
        [0, 0],
      );
      await world.standIn.reset();
      await deliver(jobId, { project: { sentSeconds: 1 } });
      assert.equal((await world.job(jobId)).status, 'completed');
    });

    it('refuses new uploads when the bytes of the day are used, and answers accepted ones as before', async () => {
      const deps = { ...world.acceptDeps(), budget: budget({ user: { uploadedBytes: 2 * LEAST_BYTES.job } }) };
      const first = upload({ uid: world.uid, idempotencyKey: 'first', recordings: recordings(1, 2) });
      const { jobId } = await acceptUpload(deps, first);
      const second = upload({ uid: world.uid, idempotencyKey: 'second', recordings: recordings(3, 4) });
      await acceptUpload(deps, second);
      const third = upload({ uid: world.uid, idempotencyKey: 'third', recordings: recordings(5) });
      assert.equal(await codeOf(acceptUpload(deps, third)), 'daily_budget_used');
      const counted = await bytesOf(world.uid);
      assert.equal(counted, 2 * LEAST_BYTES.job, 'documents cost the same however small a recording is');
      assert.equal((await acceptUpload(deps, first)).jobId, jobId);
      assert.equal(await bytesOf(world.uid), counted, 'bytes that are sent again are not counted again');
    });
  });
});

/** The methods as separate functions. */
function bound(budget: DailyBudget): Pick<DailyBudget, 'spend'> {
  return { spend: (uid, resource, amount) => budget.spend(uid, resource, amount) };
}
