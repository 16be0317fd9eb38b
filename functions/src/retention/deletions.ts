/** Deletions of conversations that were begun and not brought to their end: the function that did it died. */
import pMap from 'p-map';
import type { ConversationStore } from '../conversations/store.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';

export interface DeletionSweepDeps {
  readonly conversations: ConversationStore;
  readonly logger: Logger;
}

/** Conversations of one run: there is hardly ever one. */
const PAGE = 100;

const CONCURRENCY = 4;

/** Finishes them. One that is still under way elsewhere is finished by both, which does no harm. */
export async function finishDeletions({ conversations, logger }: DeletionSweepDeps) {
  const begun = await conversations.unfinishedDeletions(PAGE);
  let failed = 0;
  await pMap(
    begun,
    async ({ uid, conversationId }) => {
      try {
        await conversations.finishDeletion(uid, conversationId);
      } catch (error) {
        failed += 1;
        logger.warn('Deletion not finished', { conversationId, stage: 'sweep', ...errorFields(error) });
      }
    },
    { concurrency: CONCURRENCY },
  );
  return { seen: begun.length, done: begun.length - failed, failed, more: begun.length === PAGE };
}
