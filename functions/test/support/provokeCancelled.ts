/** Provokes `job_cancelled`, for the test of docs/openapi.yaml. */
import type { Part } from './multipart.ts';
import { filePart } from './multipart.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from './recordings.ts';
import { declared } from './sdkClient.ts';

/** Repeats requests whose jobs their user has cancelled, both ways in. */
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

  // A recording that is said to be from two minutes ahead waits that long, so its job is cancelled before it is worked on.
  const ahead = filePart(pcmName(Math.floor(Date.now() / 1000) + 120), bytes);
  const { job_id } = (await upload(ahead, 'cancelled-upload')) as { job_id: string };
  await call('cancelSyncJob', { job_id });
  await upload(ahead, 'cancelled-upload');
}
