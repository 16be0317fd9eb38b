/** `onUserDeleted`: deletes everything of a user whose account was deleted. */
import { onUserDeleted as onAuthUserDeleted } from 'firebase-functions/v2/identity';
import type { AuthOptions } from 'firebase-functions/v2/identity';
import { region } from '../config.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger as logger } from '../logger.ts';

const options = {
  region,
  memory: '512MiB',
  timeoutSeconds: 540,
  retry: true,
} as const satisfies AuthOptions;

const clear = lazily(async () => {
  const [{ userDeletionDeps }, { deleteUserData }] = await Promise.all([
    import('../platform.ts'),
    import('../sweeper/userDeletion.ts'),
  ]);
  const deps = await userDeletionDeps();
  return (uid: string) => deleteUserData(uid, deps);
});

export const onUserDeleted = onAuthUserDeleted(options, async (event) => {
  const uid = uidOf(event);
  // Not thrown: the same event, delivered again, would still name no user.
  if (uid === null) logger.error('user.unknown', { stage: 'deletion' });
  else await clear(uid);
});

/** The parts of the event that name the user. The types promise `data`; nothing on the way guarantees it. */
export interface DeletionEvent {
  readonly data?: { readonly uid?: unknown } | null | undefined;
  /** `users/{uid}` */
  readonly subject?: string | undefined;
}

/** @returns the id of the deleted user, from the deleted account or else from the event's subject; null if neither has it. */
export function uidOf({ data, subject }: DeletionEvent): string | null {
  const uid = data?.uid ?? /^users\/(.+)$/s.exec(subject ?? '')?.[1];
  return typeof uid === 'string' && uid !== '' ? uid : null;
}
