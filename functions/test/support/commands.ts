/** A world in which the user gives commands, and Deepgram refuses or delays requests. */
import assert from 'node:assert/strict';
import type { Sample } from '../../../dev/samples/samples.ts';
import { cancelJob } from '../../src/completion/cancel.ts';
import { retryJob } from '../../src/completion/retry.ts';
import type { RetryDeps } from '../../src/completion/retry.ts';
import type { JobWithFiles } from './jobFiles.ts';
import { TestWorld } from './worker.ts';

const DAY_MS = 24 * 3600 * 1000;

export class CommandWorld extends TestWorld {
  get retryDeps(): RetryDeps {
    return { ...this.deps, unfinishedRetentionMs: 37 * DAY_MS };
  }

  async retry(jobId: string, uid = this.uid): Promise<JobWithFiles> {
    await retryJob(uid, jobId, this.retryDeps);
    return this.job(jobId);
  }

  async cancel(jobId: string, uid = this.uid): Promise<JobWithFiles> {
    await cancelJob(uid, jobId, this.deps);
    return this.job(jobId);
  }

  /** Requests to Deepgram since the stand-in was last reset. */
  async requests(): Promise<number> {
    return (await this.standIn.log()).requests.length;
  }

  /** A job of which Deepgram has refused the requests with these numbers, or all. */
  async refusedJob(sample: Sample, ...nth: number[]): Promise<string> {
    const jobId = await this.acceptSamples(sample);
    const rules = nth.length === 0 ? [{ status: 400 }] : nth.map((n) => ({ status: 400, match: { nth: n } }));
    await this.standIn.behave(...rules);
    await this.deliver(jobId);
    await this.standIn.reset();
    return jobId;
  }

  /** A job that has claimed its recordings, and waits for the answer to its request with this number. */
  async deferredJob(sample: Sample, nth = 1): Promise<string> {
    const jobId = await this.acceptSamples(sample);
    await this.standIn.behave({ match: { nth }, status: 429, retryAfter: 30 });
    await this.deliver(jobId, { concurrency: 1 });
    assert.equal((await this.job(jobId)).status, 'deferred');
    await this.standIn.reset();
    return jobId;
  }
}

export function states(job: JobWithFiles): string[] {
  return job.files.map(({ state }) => state);
}
