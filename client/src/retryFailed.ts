/** Tries failed recordings again: by their job where the server has kept their audio, else by another upload. */
import type { Api } from './api.ts';
import { RequestError } from './errors.ts';
import type { RecordingDoc } from './recording.ts';
import type { Wish } from './wishes.ts';

/** @param wish receives the wishes of one job at a time. @throws RequestError if the server cannot be asked. */
export async function retryFailed(
  failed: readonly RecordingDoc[],
  api: Pick<Api, 'retry'>,
  wish: (wishes: readonly Wish[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const jobs = new Map<string | null, RecordingDoc[]>();
  for (const recording of failed) {
    const kept = recording.failure?.retryable === true ? recording.jobId : null;
    jobs.set(kept, [...(jobs.get(kept) ?? []), recording]);
  }
  for (const [jobId, recordings] of jobs) {
    const what = jobId !== null && (await retryJob(jobId, api, signal)) ? 'retried' : 'again';
    await wish(recordings.map(({ id }) => ({ id, what })));
  }
}

async function retryJob(jobId: string, api: Pick<Api, 'retry'>, signal: AbortSignal): Promise<boolean> {
  try {
    await api.retry(jobId, signal);
    return true;
  } catch (error) {
    // The server has deleted the job's audio, or already works on it: another upload shows which.
    if (error instanceof RequestError && error.kind === 'refused') return false;
    throw error;
  }
}
