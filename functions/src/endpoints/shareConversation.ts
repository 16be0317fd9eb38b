/**
 * `shareConversation({conversation_id, hours})`: a link that shows the conversation without an account, until it
 * expires or is withdrawn.
 */
import { SHARE_LIMITS } from 'offline-audio-sync-contract';
import type { ShareView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import type { NewShare } from '../conversations/sharing.ts';
import { AppError } from '../errors.ts';
import type { Authenticate } from '../http/auth.ts';
import { callable } from '../http/callable.ts';
import type { CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { conversationIdText, isDocumentId } from '../validation.ts';

export const shareConversation = onGuardedCall(
  CALLABLE_OPTIONS,
  lazily(async () => {
    const [{ authenticator, sharing }, { share }] = await Promise.all([
      import('../platform.ts'),
      import('../conversations/sharing.ts'),
    ]);
    return createShareCallable({
      // What it begins goes on without a token: a user who was signed out or disabled begins nothing.
      authenticate: authenticator({ checkRevoked: true }),
      share: (request) => share(request, sharing()),
      logger: cloudLogger,
    });
  }),
);

export interface ShareCallableDeps {
  readonly authenticate: Authenticate;
  readonly share: (request: {
    readonly uid: string;
    readonly conversationId: string;
    readonly hours: number;
  }) => Promise<NewShare>;
  readonly logger: Logger;
}

const { defaultHours, maxHours } = SHARE_LIMITS;
const hoursRule = `a whole number of hours from 1 to ${maxHours}`;
const input = z.object(
  {
    conversation_id: conversationIdText,
    hours: z.int(hoursRule).min(1, hoursRule).max(maxHours, hoursRule).nullish(),
  },
  'give {"conversation_id": …}',
);

export function createShareCallable(deps: ShareCallableDeps): CallableHandler<ShareView> {
  return callable({ ...deps, name: 'shareConversation', input }, async ({ uid }, asked) => {
    const { conversation_id: conversationId } = asked;
    if (!isDocumentId(conversationId)) throw new AppError('conversation_not_found');
    const made = await deps.share({ uid, conversationId, hours: asked.hours ?? defaultHours });
    const view = { share_id: made.id, token: made.token, expires_at: new Date(made.expiresAtMs).toISOString() };
    return { view, log: { conversationId } };
  });
}
