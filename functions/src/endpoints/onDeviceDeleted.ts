/** `onDeviceDeleted`: cancels the unfinished uploads of an app whose registration for pushes was deleted. */
import { onDocumentDeleted } from 'firebase-functions/v2/firestore';
import type { DocumentOptions } from 'firebase-functions/v2/firestore';
import { params as settings, region } from '../config.ts';
import { lazily } from '../lazily.ts';

const options = {
  region,
  database: settings.database,
  document: 'users/{uid}/devices/{deviceId}',
  memory: '512MiB',
  timeoutSeconds: 60,
  retry: true,
} as const satisfies DocumentOptions;

const cancel = lazily(async () => {
  const [{ completionDeps, db, objects }, { cancelUploadsOfDevice }, { DueJobs }] = await Promise.all([
    import('../platform.ts'),
    import('../sweeper/afterDeletion.ts'),
    import('../jobs/dueJobs.ts'),
  ]);
  const deps = { ...completionDeps(), due: new DueJobs(db), objects: objects() };
  return (uid: string, deviceId: string) => cancelUploadsOfDevice(uid, deviceId, deps);
});

export const onDeviceDeleted = onDocumentDeleted(options, ({ params }) => cancel(params.uid, params.deviceId));
