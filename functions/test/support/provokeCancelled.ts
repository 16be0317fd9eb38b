/** Provokes `job_cancelled`, for the test of docs/openapi.yaml. */
import { LIMITS } from 'offline-audio-sync-contract';
import type { Part } from './multipart.ts';
import { filePart } from './multipart.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from './recordings.ts';
import { declared } from './sdkClient.ts';

/** Repeats requests of both kinds whose jobs the user has cancelled. */
export async function provokeCancelled(
  call: (name: string, data: unknown) => Promise<unknown>,
  upload: (part: Part, key: string) => Promise<unknown>,
): Promise<void> {
  const bytes = pcmRecording();
  const create = async () =>
    (await call('createSyncJob', {
      files: [declared(pcmName(CAPTURED_AT), bytes)],
      idempotency_key: 'cancelled-direct',
    })) as { result: { job_id: string } };
  await call('cancelSyncJob', (await create()).result);
  await create();

  // A recording from the future makes its job wait, so the job is cancelled before it is processed.
  const laterMs = Date.now() + (LIMITS.maxClockAheadMs + LIMITS.maxCaptureAheadMs) / 2;
  const ahead = filePart(pcmName(Math.floor(laterMs / 1000)), bytes);
  const { job_id } = (await upload(ahead, 'cancelled-upload')) as { job_id: string };
  await call('cancelSyncJob', { job_id });
  await upload(ahead, 'cancelled-upload');
}
