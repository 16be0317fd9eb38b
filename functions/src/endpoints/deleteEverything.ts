/** `deleteEverything({what})`: everything of the user, or their kept audio, is deleted; the account stays. */
import type { DeletedEverythingView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import type { Authenticate } from '../http/auth.ts';
import { callable } from '../http/callable.ts';
import type { CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';

/** What does not fit is done by the sweeper. */
const options = { ...CALLABLE_OPTIONS, timeoutSeconds: 540 };

export const deleteEverything = onGuardedCall(
  options,
  lazily(async () => {
    const [{ authenticator, deletingUsers }, { deleteContent, deleteKeptAudio }] = await Promise.all([
      import('../platform.ts'),
      import('../sweeper/userDeletion.ts'),
    ]);
    const deps = await deletingUsers();
    return createDeleteEverythingCallable({
      authenticate: authenticator({ checkRevoked: true }),
      delete: { everything: (uid) => deleteContent(uid, deps), audio: (uid) => deleteKeptAudio(uid, deps) },
      logger: cloudLogger,
    });
  }),
);

export interface DeleteEverythingDeps {
  readonly authenticate: Authenticate;
  readonly delete: Readonly<Record<DeletedEverythingView['deleted'], (uid: string) => Promise<void>>>;
  readonly logger: Logger;
}

const input = z.object({ what: z.enum(['audio', 'everything'], 'audio or everything') }, 'give {"what": "everything"}');

export function createDeleteEverythingCallable(deps: DeleteEverythingDeps): CallableHandler<DeletedEverythingView> {
  return callable({ ...deps, name: 'deleteEverything', input }, async ({ uid }, { what }) => {
    await deps.delete[what](uid);
    return { view: { deleted: what }, log: { what } };
  });
}
