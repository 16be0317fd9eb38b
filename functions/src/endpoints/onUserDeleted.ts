/** `onUserDeleted`: when an account is deleted, everything of its user is deleted. */
import { region } from 'firebase-functions/v1';
import type { RuntimeOptions } from 'firebase-functions/v1';
import { REGION } from '../config.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger as logger } from '../logger.ts';

/** First generation: https://firebase.google.com/docs/functions/1st-gen/auth-events */
export const options = { memory: '512MB', timeoutSeconds: 540, failurePolicy: true } as const satisfies RuntimeOptions;

const clear = lazily(async () => {
  const [{ db, objects }, { deleteUserData }, { DueJobs }] = await Promise.all([
    import('../platform.ts'),
    import('../sweeper/userDeletion.ts'),
    import('../jobs/dueJobs.ts'),
  ]);
  const deps = { db, due: new DueJobs(db), objects: objects(), logger, now: Date.now };
  return (uid: string) => deleteUserData(uid, deps);
});

export const onUserDeleted = region(REGION)
  .runWith(options)
  .auth.user()
  .onDelete(({ uid }) => clear(uid));
