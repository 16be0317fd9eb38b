/** `withdrawShare({share_id})`: ends a link. */
import type { WithdrawnShareView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import { callable } from '../http/callable.ts';
import type { CallableDeps, CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { isDocumentId, requiredText } from '../validation.ts';

export const withdrawShare = onGuardedCall(CALLABLE_OPTIONS, async () => {
  const [{ requestDeps, db }, { withdraw }] = await Promise.all([
    import('../platform.ts'),
    import('../conversations/sharing.ts'),
  ]);
  return createWithdrawCallable({
    ...requestDeps({ checkRevoked: false }),
    withdraw: (uid, id) => withdraw(uid, id, { db }),
  });
});

export interface WithdrawCallableDeps extends CallableDeps {
  readonly withdraw: (uid: string, id: string) => Promise<void>;
}

const rule = 'the share_id that shareConversation returned';
const input = z.object(
  { share_id: requiredText(rule).max(128, rule).refine(isDocumentId, rule) },
  'give {"share_id": …}',
);

export function createWithdrawCallable(deps: WithdrawCallableDeps): CallableHandler<WithdrawnShareView> {
  return callable({ ...deps, name: 'withdrawShare', input }, async ({ uid }, { share_id: id }) => {
    await deps.withdraw(uid, id);
    return { view: { withdrawn_share_id: id } };
  });
}
