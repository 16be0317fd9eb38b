/** `onRecordingStaged`: checks an object that has arrived in Storage against its job's manifest. The last expected one starts the job. */
import { onObjectFinalized } from 'firebase-functions/v2/storage';
import type { StorageOptions } from 'firebase-functions/v2/storage';
import { bucketExpression, region } from '../config.ts';
import { lazily } from '../lazily.ts';
import { mayBeAwaited } from '../storage/paths.ts';

/**
 * The platform delivers an event again until the function succeeds. One instance handles many events at once, because it looks once at
 * all arrivals of one job that come together.
 */
export const options = {
  region,
  bucket: bucketExpression,
  memory: '512MiB',
  concurrency: 80,
  timeoutSeconds: 120,
  retry: true,
} as const satisfies StorageOptions;

const receive = lazily(async () => {
  const [{ arrivalDeps }, { createArrivalHandler }] = await Promise.all([
    import('../platform.ts'),
    import('../upload/arrivalEvents.ts'),
  ]);
  return createArrivalHandler(arrivalDeps());
});

export const onRecordingStaged = onObjectFinalized(options, async ({ data }) => {
  if (mayBeAwaited(data)) await receive(data);
});
