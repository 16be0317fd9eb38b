/** `deleteConversation`: what was said in it is removed for good, and nothing brings it back. */
import * as z from 'zod';
import type { ConversationStore } from '../conversations/store.ts';
import { AppError } from '../errors.ts';
import { callable } from '../http/callable.ts';
import type { CallableHandler } from '../http/callable.ts';
import type { DeletedConversationView } from 'offline-audio-sync-contract';
import type { CallableDeps } from './callables.ts';

const rule = 'the id of a conversation';
const input = z.object({ conversation_id: z.string(rule).min(1, rule) }, `give {"conversation_id": …}`);

/** As Firestore makes them; anything else would be a path of its own there. */
const CONVERSATION_ID = /^[\w-]{1,128}$/;

export function createDeleteConversationCallable(
  deps: CallableDeps & { readonly conversations: ConversationStore },
): CallableHandler<DeletedConversationView> {
  return callable({ ...deps, name: 'deleteConversation', input }, async ({ uid }, { conversation_id: id }) => {
    if (!CONVERSATION_ID.test(id) || /^__.*__$/.test(id)) throw new AppError('conversation_not_found');
    await deps.conversations.delete(uid, id);
    return { view: { deleted_conversation_id: id }, log: { conversationId: id } };
  });
}
