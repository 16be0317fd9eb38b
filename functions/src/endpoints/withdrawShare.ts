/** `withdrawShare({share_id})`: the link shows nothing more. */
import type { WithdrawnShareView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import type { Authenticate } from '../http/auth.ts';
import { callable } from '../http/callable.ts';
import type { CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { isDocumentId, requiredText } from '../validation.ts';

export const withdrawShare = onGuardedCall(
  CALLABLE_OPTIONS,
  lazily(async () => {
    const [{ authenticator, db }, { withdraw }] = await Promise.all([
      import('../platform.ts'),
      import('../conversations/sharing.ts'),
    ]);
    return createWithdrawCallable({
      authenticate: authenticator({ checkRevoked: false }),
      withdraw: (uid, id) => withdraw(uid, id, { db }),
      logger: cloudLogger,
    });
  }),
);

export interface WithdrawCallableDeps {
  readonly authenticate: Authenticate;
  readonly withdraw: (uid: string, id: string) => Promise<void>;
  readonly logger: Logger;
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
