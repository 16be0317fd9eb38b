/** `editConversation({conversation_id, edit})`: corrects a title, star, tag, text or speaker's name, or splits or merges conversations. */
import { EDIT_LIMITS } from 'offline-audio-sync-contract';
import type { EditView } from 'offline-audio-sync-contract';
import pLimit from 'p-limit';
import * as z from 'zod';
import type { Correction, CorrectionRequest, EditOutcome } from '../conversations/editing.ts';
import { AppError } from '../errors.ts';
import { callable } from '../http/callable.ts';
import type { CallableDeps, CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { conversationIdText, isDocumentId, isoTime, requiredText, shortText } from '../validation.ts';

export const editConversation = onGuardedCall(CALLABLE_OPTIONS, async () => {
  const [{ requestDeps, completionDeps }, { EDITS_AT_ONCE, editConversation: edit }] = await Promise.all([
    import('../platform.ts'),
    import('../conversations/editing.ts'),
  ]);
  const deps = { ...completionDeps(), inTurn: pLimit(EDITS_AT_ONCE) };
  return createEditCallable({
    ...requestDeps({ checkRevoked: false }),
    edit: (request) => edit(request, deps),
  });
});

export interface EditCallableDeps extends CallableDeps {
  readonly edit: (request: CorrectionRequest) => Promise<EditOutcome>;
}

const recordingRule = 'the recordingId of a segment';
const voiceRule = 'the speaker of a segment';
const flagRule = 'true or false';
const scopeRule = 'sentence, conversation or everywhere';
const place = {
  recording_id: requiredText(recordingRule).max(200, recordingRule),
  from: isoTime,
  to: isoTime,
  voice: z.int(voiceRule).min(0, voiceRule).nullish(),
};
const editIdRule = '16 to 64 letters, digits, - and _';

const input = z.object(
  {
    conversation_id: conversationIdText,
    edit: z.discriminatedUnion(
      'kind',
      [
        z.object({ kind: z.literal('title'), title: shortText(EDIT_LIMITS.maxTitleLength) }),
        z.object({ kind: z.literal('star'), starred: z.boolean(flagRule) }),
        z.object({ kind: z.literal('tag'), tag: shortText(EDIT_LIMITS.maxTagLength), tagged: z.boolean(flagRule) }),
        z.object({ kind: z.literal('text'), text: shortText(EDIT_LIMITS.maxTextLength), ...place }),
        z.object({
          kind: z.literal('speaker'),
          name: shortText(EDIT_LIMITS.maxNameLength),
          scope: z.enum(['sentence', 'conversation', 'everywhere'], scopeRule),
          ...place,
        }),
        z.object({ kind: z.literal('split'), at: isoTime }),
        z.object({ kind: z.literal('merge'), with_conversation_id: conversationIdText }),
      ],
      'an edit of kind title, star, tag, text, speaker, split or merge',
    ),
    edit_id: z
      .string(editIdRule)
      .regex(/^[A-Za-z0-9_-]{16,64}$/, editIdRule)
      .refine(isDocumentId, editIdRule)
      .nullish(),
  },
  'give {"conversation_id": …, "edit": {"kind": …, …}}',
);

export function createEditCallable(deps: EditCallableDeps): CallableHandler<EditView> {
  return callable({ ...deps, name: 'editConversation', input }, async ({ uid }, asked) => {
    const { conversation_id: id, edit, edit_id: editId = null } = asked;
    const named = edit.kind === 'merge' ? [id, edit.with_conversation_id] : [id];
    if (!named.every(isDocumentId)) throw new AppError('conversation_not_found');
    const correction = correctionOf(edit);
    const made = await deps.edit({ uid, conversationId: id, editId, correction });
    return {
      view: { edit_id: made.editId, conversation_ids: made.conversationIds },
      log: { conversationId: id, kind: edit.kind },
    };
  });
}

function correctionOf(edit: z.infer<typeof input>['edit']): Correction {
  switch (edit.kind) {
    case 'text':
    case 'speaker': {
      const { recording_id: recordingId, from: startMs, to: endMs, ...said } = edit;
      return { ...said, recordingId, startMs, endMs };
    }
    case 'split':
      return { kind: 'split', atMs: edit.at };
    case 'merge':
      return { kind: 'merge', withId: edit.with_conversation_id };
    default:
      return edit;
  }
}
