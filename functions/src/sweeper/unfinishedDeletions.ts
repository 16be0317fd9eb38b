/** Deletions of conversations that were begun and not brought to their end: the function that did it died. */
import type { ConversationStore } from '../conversations/store.ts';
import type { Logger } from '../logger.ts';
import { finishEach } from './finishing.ts';
import type { IsOver } from './finishing.ts';

export interface DeletionSweepDeps {
  readonly conversations: ConversationStore;
  readonly logger: Logger;
}

/** Conversations of one run: there is hardly ever one. */
const PAGE = 100;

/** Finishes them. One that is still under way elsewhere is finished by both, which does no harm. */
export async function finishDeletions({ conversations, logger }: DeletionSweepDeps, isOver: IsOver) {
  return finishEach(await conversations.unfinishedDeletions(PAGE), {
    page: PAGE,
    isOver,
    finish: ({ uid, conversationId }) => conversations.finishDeletion(uid, conversationId),
    failure: { event: 'conversation.not_deleted', fields: ({ conversationId }) => ({ conversationId }) },
    logger,
  });
}
