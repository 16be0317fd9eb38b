/** `deleteConversation({conversation_id})`: deletes a conversation. No later upload of the same audio restores it. */
import type { DeletedConversationView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import type { ConversationStore } from '../conversations/store.ts';
import { AppError } from '../errors.ts';
import { callable } from '../http/callable.ts';
import type { CallableDeps, CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { conversationIdText, isDocumentId } from '../validation.ts';

export const deleteConversation = onGuardedCall(CALLABLE_OPTIONS, async () => {
  const { requestDeps, conversations } = await import('../platform.ts');
  return createDeleteConversationCallable({
    ...requestDeps({ checkRevoked: true }),
    conversations,
  });
});

export interface DeleteConversationDeps extends CallableDeps {
  readonly conversations: Pick<ConversationStore, 'delete'>;
}

const input = z.object({ conversation_id: conversationIdText }, `give {"conversation_id": …}`);

export function createDeleteConversationCallable(
  deps: DeleteConversationDeps,
): CallableHandler<DeletedConversationView> {
  return callable({ ...deps, name: 'deleteConversation', input }, async ({ uid }, { conversation_id: id }) => {
    if (!isDocumentId(id)) throw new AppError('conversation_not_found');
    await deps.conversations.delete(uid, id);
    return { view: { deleted_conversation_id: id }, log: { conversationId: id } };
  });
}
