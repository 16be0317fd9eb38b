/** `npm run retry-jobs`, with which operators retry failed jobs of all users. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { failedJobsDeps, retryFailedJobs } from '../../tools/failedJobs.ts';
import type { FailedJobsQuery, RetriedJob } from '../../tools/failedJobs.ts';
import { assertSound, assertTranscript, sampleOf } from '../support/checks.ts';
import { CommandWorld } from '../support/commands.ts';

const TOOL = fileURLToPath(new URL('../../tools/retryJobs.ts', import.meta.url));
const HOUR_MS = 3600_000;

const letter = sampleOf('letter');
const garden = sampleOf('garden');

describe('npm run retry-jobs', () => {
  const project = `demo-retry-${randomUUID()}`;
  let world: CommandWorld;
  const closing = closeAfterEach();
  beforeEach(async () => {
    world = closing(new CommandWorld({}, project));
    await world.standIn.reset();
  });

  const run = async (...args: readonly string[]): Promise<{ jobs: RetriedJob[]; sums: Record<string, number> }> => {
    const node = ['--disable-warning=ExperimentalWarning', TOOL, '--project', project];
    const { stdout } = await promisify(execFile)(process.execPath, [...node, ...args]);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const { jobs } = lines.pop() as { jobs: Record<string, number> };
    return { jobs: lines as RetriedJob[], sums: jobs };
  };
  /** What the program does, without starting one. */
  const retry = async (query: Omit<FailedJobsQuery, 'dryRun'>): Promise<RetriedJob[]> => {
    const jobs: RetriedJob[] = [];
    for await (const job of retryFailedJobs({ ...query, dryRun: false }, failedJobsDeps(world.db))) jobs.push(job);
    return jobs;
  };
  const since = (ms: number): string => new Date(ms).toISOString();

  it('retries every job of every user that failed with the code since then, and no other', async () => {
    const began = Date.now() - 1000;
    const first = { uid: world.uid, jobId: await world.refusedJob(letter) };
    const code = (await world.job(first.jobId)).failures[0]!.code;
    world.becomeSomebodyElse();
    const completed = await world.acceptSamples(garden);
    await world.deliver(completed);
    const cancelled = await world.acceptSamples(letter);
    await world.cancel(cancelled);
    world.becomeSomebodyElse();
    await world.standIn.reset();
    const second = { uid: world.uid, jobId: await world.refusedJob(garden, 2) };

    const args = ['--code', code, '--since', since(began)];
    const found = await run(...args, '--dry-run');
    assert.deepEqual(
      new Set(found.jobs.map(({ jobId, uid, outcome, files }) => [jobId, uid, outcome, files].join())),
      new Set([first, second].map(({ jobId, uid }) => [jobId, uid, 'found', 1].join())),
    );
    assert.equal((await world.job(second.jobId)).status, 'partial', 'a dry run writes nothing');
    assert.deepEqual(await retry({ code: 'retention_ended', sinceMs: began }), []);
    assert.deepEqual((await run('--code', code, '--since', since(Date.now() + HOUR_MS))).sums, {});

    assert.deepEqual((await run(...args, '--database', 'another')).sums, {}, 'of another installation');
    assert.deepEqual((await run(...args)).sums, { retried: 2 });
    assert.deepEqual(await retry({ code, sinceMs: began }), [], 'what waits is not taken up twice');
    assert.equal((await world.job(second.jobId)).status, 'pending');
    await world.deliver(second.jobId);
    assert.equal((await world.job(second.jobId)).status, 'completed');
    await assertTranscript(world, garden);
    await assertSound(world);
  });

  it('says why a job stays as it is', async () => {
    const jobId = await world.refusedJob(letter);
    const { failures, files } = await world.job(jobId);
    const other = await world.deferredJob(letter);
    assert.notEqual(other, jobId);
    const retried = await retry({ code: failures[0]!.code, sinceMs: Date.now() - HOUR_MS });
    const mine = retried.filter((job) => job.jobId === jobId);
    assert.deepEqual(mine, [{ jobId, uid: world.uid, outcome: 'duplicate_in_progress', files: files.length }]);
  });

  it('refuses to run without the arguments that it needs', async () => {
    await assert.rejects(run('--code', 'internal'), /Usage/);
    await assert.rejects(run('--code', 'no_such_code', '--since', '2026-01-01'), /There is no code no_such_code/);
    await assert.rejects(run('--code', 'internal', '--since', 'yesterday'), /--since is no time/);
  });
});
