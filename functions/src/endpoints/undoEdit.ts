/** `undoEdit({edit_id})`: undoes a correction; the conversation reads as before. */
import type { EditView } from 'offline-audio-sync-contract';
import pLimit from 'p-limit';
import * as z from 'zod';
import type { EditOutcome } from '../conversations/editing.ts';
import { AppError } from '../errors.ts';
import { callable } from '../http/callable.ts';
import type { CallableDeps, CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { isDocumentId, requiredText } from '../validation.ts';

export const undoEdit = onGuardedCall(CALLABLE_OPTIONS, async () => {
  const [{ requestDeps, completionDeps }, { EDITS_AT_ONCE, undoEdit: undo }] = await Promise.all([
    import('../platform.ts'),
    import('../conversations/editing.ts'),
  ]);
  const deps = { ...completionDeps(), inTurn: pLimit(EDITS_AT_ONCE) };
  return createUndoCallable({
    ...requestDeps({ checkRevoked: false }),
    undo: (uid, editId) => undo(uid, editId, deps),
  });
});

export interface UndoCallableDeps extends CallableDeps {
  readonly undo: (uid: string, editId: string) => Promise<EditOutcome>;
}

const input = z.object({ edit_id: requiredText('the id of an edit') }, 'give {"edit_id": …}');

export function createUndoCallable(deps: UndoCallableDeps): CallableHandler<EditView> {
  return callable({ ...deps, name: 'undoEdit', input }, async ({ uid }, { edit_id: id }) => {
    if (!isDocumentId(id)) throw new AppError('edit_not_found');
    const { editId, conversationIds } = await deps.undo(uid, id);
    return { view: { edit_id: editId, conversation_ids: conversationIds }, log: { edit: editId } };
  });
}
