import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FirebaseError } from 'firebase/app';
import { Timestamp } from 'firebase-admin/firestore';
import type { CallableProblem } from 'offline-audio-sync-contract';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import type { AppError } from '../../src/errors.ts';
import type { Job } from '../../src/jobs/job.ts';
import { acceptUpload } from '../../src/upload/accept.ts';
import { FairUse, setStage } from '../../src/usage/fairUse.ts';
import type { FairUseStage } from 'offline-audio-sync-contract';
import type { FairUseLimits } from '../../src/usage/fairUse.ts';
import { uploadFiles, waitForJob } from '../support/client.ts';
import { assertSound, assertTranscript, sampleOf } from '../support/checks.ts';
import { CommandWorld } from '../support/commands.ts';
import { codeOf } from '../support/errors.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../support/recordings.ts';
import { declared, SdkClient } from '../support/sdkClient.ts';
import { recordings } from '../support/uploads.ts';
import { NO_LIMITS } from '../support/worker.ts';
import { db } from '../support/suite.ts';

const TOOL = fileURLToPath(new URL('../../tools/fairUse.ts', import.meta.url));

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** Three conversations in one recording: three requests to Deepgram. */
const garden = sampleOf('garden');

describe('fair use', () => {
  describe('of transcription', () => {
    let world: CommandWorld;
    const closing = closeAfterEach();
    beforeEach(async () => {
      world = closing(new CommandWorld());
      await world.standIn.reset();
      // Noon of a day in the future.
      const noonMs = (Math.floor(Date.now() / DAY_MS) + 3.5) * DAY_MS;
      world.aheadMs = noonMs - Date.now();
    });

    const limited = (limits: Partial<FairUseLimits>) => {
      const { jobs, now } = world.deps;
      return new FairUse({ db: world.db, jobs, limits: { ...NO_LIMITS, ...limits }, now });
    };
    const deliver = (jobId: string, limits: Partial<FairUseLimits>) =>
      world.deliver(jobId, { fairUse: limited(limits), concurrency: 1 });

    function assertWaitsForMidnight({ status, waitingFor }: Job): void {
      assert.deepEqual([status, waitingFor?.reason], ['deferred', 'daily_budget_used']);
      const untilMs = waitingFor?.until?.toMillis() ?? 0;
      assert.equal(untilMs % DAY_MS, 0);
      assert.ok(untilMs > world.deps.now() && untilMs <= world.deps.now() + 12 * HOUR_MS);
    }

    it('defers a job when the daily budget is used up, keeps its audio, and continues it the next day', async () => {
      const jobId = await world.acceptSamples(garden);
      await deliver(jobId, { dailySpeechSeconds: 1 });
      assertWaitsForMidnight(await world.job(jobId));
      assert.equal(await world.requests(), 1, 'the first finds the budget untouched');
      assert.equal((await world.objects()).length, garden.recordings.length);
      assert.equal((await world.job(jobId)).attempts, 0, 'waiting is no failed attempt');

      await assert.rejects(deliver(jobId, { dailySpeechSeconds: 1 }), /deferred/);
      world.aheadMs += 12 * HOUR_MS;
      await deliver(jobId, { dailySpeechSeconds: 1000 });
      assert.equal((await world.job(jobId)).status, 'completed');
      assert.equal(await world.requests(), 3);
      await assertTranscript(world, garden);
      await assertSound(world);
    });

    it('sends no request to Deepgram for a job that arrives when the budget is used up', async () => {
      await deliver(await world.acceptSamples(sampleOf('letter')), { dailySpeechSeconds: 1 });
      const jobId = await world.acceptSamples(garden);
      await deliver(jobId, { dailySpeechSeconds: 1 });
      assertWaitsForMidnight(await world.job(jobId));
      assert.equal(await world.requests(), 1);
    });

    it('does not defer silence, because it costs nothing', async () => {
      await deliver(await world.acceptSamples(sampleOf('letter')), { dailySpeechSeconds: 1 });
      const jobId = await world.acceptSamples(sampleOf('night'));
      await deliver(jobId, { dailySpeechSeconds: 1 });
      assert.equal((await world.job(jobId)).status, 'completed');
    });

    it('exceeds the budget by the requests in flight at most, however many jobs run at once', async () => {
      const samples = ['garden', 'walk', 'letter'].map(sampleOf);
      const jobIds = await Promise.all(samples.map((sample) => world.acceptSamples(sample)));
      await Promise.all(jobIds.map((jobId) => deliver(jobId, { dailySpeechSeconds: 1 })));
      assert.ok((await world.requests()) <= jobIds.length * 1, 'one request in flight for each job');
      const statuses = (await Promise.all(jobIds.map((jobId) => world.job(jobId)))).map(({ status }) => status);
      assert.ok(statuses.includes('deferred'));
      world.aheadMs += 12 * HOUR_MS;
      for (const jobId of jobIds) if ((await world.job(jobId)).status === 'deferred') await deliver(jobId, {});
      await assertTranscript(world, ...samples);
      await assertSound(world);
    });

    /** Counts seconds as a transcribed job does. */
    const use = (speechSeconds: number) =>
      world.db.runTransaction((tx) => {
        world.deps.usage.add(tx, world.uid, { speechSeconds });
        return Promise.resolve();
      });

    it('gives all users the daily budget, and throttled users the lower of the two budgets', async () => {
      await use(60);
      const ask = async (stage: FairUseStage, limits: Partial<FairUseLimits>) => {
        await setStage(world.db, world.uid, { stage, until: null, reason: null });
        return limited(limits).requireBudget(world.uid);
      };
      const both = { dailySpeechSeconds: 61, throttledSpeechSeconds: 60 };
      for (const stage of ['none', 'restricted'] as const) await ask(stage, both);
      assert.equal(await codeOf(ask('throttled', both)), 'daily_budget_used');
      assert.equal(await codeOf(ask('throttled', { dailySpeechSeconds: 60 })), 'daily_budget_used');
      await ask('throttled', {});
      await ask('none', { throttledSpeechSeconds: 1 });
    });

    it('ignores a stage that is over, and one whose name is unknown', async () => {
      const past = Timestamp.fromMillis(world.deps.now() - 1);
      const limits = { throttledSpeechSeconds: 1 };
      await use(60);
      await setStage(world.db, world.uid, { stage: 'throttled', until: past, reason: null });
      await limited(limits).requireBudget(world.uid);
      await setStage(world.db, world.uid, { stage: 'banished' as FairUseStage, until: null, reason: null });
      await limited(limits).requireBudget(world.uid);
      await setStage(world.db, world.uid, { stage: 'throttled', until: null, reason: null });
      assert.equal(await codeOf(limited(limits).requireBudget(world.uid)), 'daily_budget_used');
    });
  });

  describe('of simultaneous jobs', () => {
    let world: CommandWorld;
    const closing = closeAfterEach();
    beforeEach(() => {
      world = closing(new CommandWorld());
    });

    it('refuses a job above the limit, accepts it when another one has ended, and keeps accepted ones', async () => {
      const { jobs, now } = world.deps;
      const limits = { ...NO_LIMITS, maxActiveJobs: 2 };
      const deps = { ...world.acceptDeps(), fairUse: new FairUse({ db: world.db, jobs, limits, now }) };
      const send = (key: string, ...values: number[]) =>
        acceptUpload(deps, {
          uid: world.uid,
          idempotencyKey: key,
          fields: { deviceId: null, conversationId: null, clockOffsetMs: 0 },
          recordings: recordings(...values),
        });
      const first = await send('first', 1);
      await send('second', 2);
      const refused: unknown = await send('third', 3).catch((error: unknown) => error);
      const { code, status, retryAfterSeconds } = refused as AppError;
      assert.deepEqual([code, status, retryAfterSeconds], ['too_many_jobs', 429, 60]);
      assert.equal((await send('first', 1)).jobId, first.jobId);
      assert.equal((await world.objects()).length, 2);
      await world.cancel(first.jobId);
      await send('third', 3);
    });
  });

  describe('for a restricted user', () => {
    let app: SdkClient;
    const closing = closeAfterEach();
    beforeEach(async () => {
      app = closing(await SdkClient.signUp());
    });

    const name = pcmName(CAPTURED_AT);
    const bytes = pcmRecording({ frames: 3, value: 5 });
    const send = async (idempotencyKey: string) =>
      uploadFiles(await app.idToken(), [{ name, bytes }], { idempotencyKey });
    /** A job for another recording, because the one that was sent may be done by now. */
    const create = () => app.createJob({ files: [declared(pcmName(CAPTURED_AT + 60), pcmRecording({ value: 6 }))] });
    const restrict = (until: Timestamp | null) =>
      setStage(db, app.uid, { stage: 'restricted', until, reason: 'too many alarms' });

    it('refuses uploads of both kinds with a reason and the time to wait, and keeps accepted ones', async () => {
      const accepted = await send('before');
      const untilMs = Date.now() + HOUR_MS;
      await restrict(Timestamp.fromMillis(untilMs));
      /** Whether these are the seconds of the restriction that were left when the answer was given. */
      const isLeft = (seconds: number): boolean =>
        seconds <= 3600 && seconds >= Math.floor((untilMs - Date.now()) / 1000);
      const refused = await send('after');
      assert.deepEqual([refused.status, refused.problem.code], [429, 'fair_use_restricted']);
      const seconds = Number(refused.headers.get('retry-after'));
      assert.ok(isLeft(seconds), String(seconds));

      const error: unknown = await create().catch((reason: unknown) => reason);
      assert.ok(error instanceof FirebaseError);
      const { code, retry_after_seconds: wait } = (error as FirebaseError & { details: CallableProblem }).details;
      assert.deepEqual([error.code, code], ['functions/resource-exhausted', 'fair_use_restricted']);
      assert.ok(wait !== null && isLeft(wait), String(wait));

      assert.deepEqual([(await send('before')).body.job_id], [accepted.body.job_id]);
      assert.equal((await waitForJob(await app.idToken(), accepted.body.job_id)).status, 'completed');
    });

    it('is set by the operator’s tool, which also shows the usage', async () => {
      const run = async (...args: string[]) => {
        const node = ['--disable-warning=ExperimentalWarning', TOOL, '--project', process.env['GCLOUD_PROJECT'] ?? ''];
        const { stdout } = await promisify(execFile)(process.execPath, [...node, '--user', app.uid, ...args]);
        return JSON.parse(stdout) as Record<string, unknown>;
      };
      await db.doc(`users/${app.uid}`).set({ preferences: { language: 'de' } });
      const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + HOUR_MS).toISOString();
      const today = { audioSeconds: 0, speechSeconds: 0, billedSeconds: 0, requests: 0 };
      const set = await run('--stage', 'restricted', '--until', until, '--reason', 'too much');
      assert.deepEqual(set, { user: app.uid, stage: 'restricted', until, reason: 'too much', today });
      assert.equal((await send('k')).status, 429);
      assert.deepEqual(await run(), set);
      assert.equal((await db.doc(`users/${app.uid}`).get()).get('preferences.language'), 'de');
      await assert.rejects(run('--stage', 'banished'), /Usage/);
      await assert.rejects(run('--stage', 'restricted', '--until', '2020-01-01'), /not a time to come/);
    });

    it('accepts uploads again when the restriction is over or lifted', async () => {
      await restrict(null);
      assert.equal((await send('k')).headers.get('retry-after'), String(6 * 3600));
      await restrict(Timestamp.fromMillis(Date.now() - 1));
      assert.equal((await send('k')).status, 202);
      await restrict(null);
      await setStage(db, app.uid, { stage: 'none', until: null, reason: null });
      assert.equal((await create()).status, 'uploading');
    });
  });
});
