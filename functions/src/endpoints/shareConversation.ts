/**
 * `shareConversation({conversation_id, hours, with_audio})`: makes a link that shows a conversation without an account, until it
 * expires or is withdrawn.
 */
import { SHARE_LIMITS } from 'offline-audio-sync-contract';
import type { ShareView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import type { NewShare, NewShareRequest } from '../conversations/sharing.ts';
import { AppError } from '../errors.ts';
import { callable } from '../http/callable.ts';
import type { CallableDeps, CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { conversationIdText, isDocumentId } from '../validation.ts';

export const shareConversation = onGuardedCall(CALLABLE_OPTIONS, async () => {
  const [{ requestDeps, sharingDeps }, { share }] = await Promise.all([
    import('../platform.ts'),
    import('../conversations/sharing.ts'),
  ]);
  return createShareCallable({
    // A link works without the user's token, so a user who was signed out or disabled must not make one.
    ...requestDeps({ checkRevoked: true }),
    share: (request) => share(request, sharingDeps()),
  });
});

export interface ShareCallableDeps extends CallableDeps {
  readonly share: (request: NewShareRequest) => Promise<NewShare>;
}

const { defaultHours, maxHours } = SHARE_LIMITS;
const hoursRule = `a whole number of hours from 1 to ${maxHours}`;
const input = z.object(
  {
    conversation_id: conversationIdText,
    hours: z.int(hoursRule).min(1, hoursRule).max(maxHours, hoursRule).nullish(),
    with_audio: z.boolean('true or false').nullish(),
  },
  'give {"conversation_id": …}',
);

export function createShareCallable(deps: ShareCallableDeps): CallableHandler<ShareView> {
  return callable({ ...deps, name: 'shareConversation', input }, async ({ uid }, asked) => {
    const { conversation_id: conversationId } = asked;
    if (!isDocumentId(conversationId)) throw new AppError('conversation_not_found');
    const hours = asked.hours ?? defaultHours;
    const made = await deps.share({ uid, conversationId, hours, withAudio: asked.with_audio ?? false });
    const view = { share_id: made.id, token: made.token, expires_at: new Date(made.expiresAtMs).toISOString() };
    return { view, log: { conversationId } };
  });
}
