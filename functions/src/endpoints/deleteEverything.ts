/** `deleteEverything({what})`: deletes everything of the user, or only kept audio. The account stays. */
import type { DeletedEverythingView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import { callable } from '../http/callable.ts';
import type { CallableDeps, CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';

/** The sweeper deletes what this does not manage in that time. */
const options = { ...CALLABLE_OPTIONS, timeoutSeconds: 540 };

export const deleteEverything = onGuardedCall(options, async () => {
  const [{ requestDeps, userDeletionDeps }, { deleteContent, deleteKeptAudio }] = await Promise.all([
    import('../platform.ts'),
    import('../sweeper/userDeletion.ts'),
  ]);
  const deps = await userDeletionDeps();
  return createDeleteEverythingCallable({
    ...requestDeps({ checkRevoked: true }),
    delete: { everything: (uid) => deleteContent(uid, deps), audio: (uid) => deleteKeptAudio(uid, deps) },
  });
});

export interface DeleteEverythingDeps extends CallableDeps {
  readonly delete: Readonly<Record<DeletedEverythingView['deleted'], (uid: string) => Promise<void>>>;
}

const input = z.object({ what: z.enum(['audio', 'everything'], 'audio or everything') }, 'give {"what": "everything"}');

export function createDeleteEverythingCallable(deps: DeleteEverythingDeps): CallableHandler<DeletedEverythingView> {
  return callable({ ...deps, name: 'deleteEverything', input }, async ({ uid }, { what }) => {
    await deps.delete[what](uid);
    return { view: { deleted: what }, log: { what } };
  });
}
