/**
 * Finishes deletions of conversations and corrections of dates whose function has died. If the function is still running, both finish
 * the work, which does no harm.
 */
import { finishRedating } from '../completion/redate.ts';
import type { RedateDeps } from '../completion/redate.ts';
import { unfinishedRedatings } from '../jobs/redatings.ts';
import type { Logger } from '../logger.ts';
import { finishEach } from './finishing.ts';
import type { IsOver } from './finishing.ts';

type UnfinishedDeps = RedateDeps & { readonly logger: Logger };

/** Items of one run. There is hardly ever one. */
const PAGE = 100;

export async function finishDeletions({ conversations, logger }: UnfinishedDeps, isOver: IsOver) {
  return finishEach(await conversations.unfinishedDeletions(PAGE), {
    page: PAGE,
    isOver,
    finish: ({ uid, conversationId }) => conversations.finishDeletion(uid, conversationId),
    failure: { event: 'conversation.not_deleted', fields: ({ conversationId }) => ({ conversationId }) },
    logger,
  });
}

export async function finishRedatings(deps: UnfinishedDeps, isOver: IsOver) {
  const { docs } = await unfinishedRedatings(deps.db).limit(PAGE).get();
  const uids = docs.flatMap(({ ref }) => ref.parent.parent?.id ?? []);
  return finishEach(uids, {
    page: PAGE,
    isOver,
    finish: (uid) => finishRedating(uid, deps),
    failure: { event: 'correction.not_finished', fields: (uid) => ({ uid }) },
    logger: deps.logger,
  });
}
