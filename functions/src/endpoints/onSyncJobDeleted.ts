/** `onSyncJobDeleted`: deletes the chunks and the audio of a job whose document was deleted. */
import { onDocumentDeleted } from 'firebase-functions/v2/firestore';
import type { DocumentOptions } from 'firebase-functions/v2/firestore';
import { params as settings, region } from '../config.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger as logger } from '../logger.ts';

const options = {
  region,
  database: settings.database,
  document: 'offline_sync_jobs/{jobId}',
  memory: '512MiB',
  timeoutSeconds: 300,
  retry: true,
} as const satisfies DocumentOptions;

const clear = lazily(async () => {
  const [{ db, files, jobs, objects }, { clearDeletedJob }] = await Promise.all([
    import('../platform.ts'),
    import('../sweeper/afterDeletion.ts'),
  ]);
  const deps = { db, jobs, files, objects: objects(), logger };
  return (jobId: string, data: unknown) => clearDeletedJob(jobId, data, deps);
});

export const onSyncJobDeleted = onDocumentDeleted(options, ({ params, data }) => clear(params.jobId, data?.data()));
