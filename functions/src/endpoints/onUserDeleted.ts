/** `onUserDeleted`: when an account is deleted, everything of its user is deleted. */
import { onUserDeleted as onAuthUserDeleted } from 'firebase-functions/v2/identity';
import type { AuthOptions } from 'firebase-functions/v2/identity';
import { region } from '../config.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger as logger } from '../logger.ts';

export const options = {
  region,
  memory: '512MiB',
  timeoutSeconds: 540,
  retry: true,
} as const satisfies AuthOptions;

const clear = lazily(async () => {
  const [{ deletingUsers }, { deleteUserData }] = await Promise.all([
    import('../platform.ts'),
    import('../sweeper/userDeletion.ts'),
  ]);
  const deps = await deletingUsers();
  return (uid: string) => deleteUserData(uid, deps);
});

export const onUserDeleted = onAuthUserDeleted(options, async (event) => {
  const uid = uidOf(event);
  // A second delivery of an event that names no user would name none either.
  if (uid === null) logger.error('user.unknown', { stage: 'deletion' });
  else await clear(uid);
});

/** The parts of the event that name the user. The types promise `data`; nothing on the way guarantees it. */
export interface DeletionEvent {
  readonly data?: { readonly uid?: unknown } | null | undefined;
  /** `users/{uid}` */
  readonly subject?: string | undefined;
}

/** @returns the id of the deleted user: of the account as it was, or else of the event's subject; null where neither names one. */
export function uidOf({ data, subject }: DeletionEvent): string | null {
  const uid = data?.uid ?? /^users\/(.+)$/s.exec(subject ?? '')?.[1];
  return typeof uid === 'string' && uid !== '' ? uid : null;
}
