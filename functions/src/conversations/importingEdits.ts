/** The corrections of a conversation that is imported: each is made once, in the order in which its user made them. */
import { IMPORTED } from 'offline-audio-sync-contract';
import type { SpeakerScope } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { editConversation } from './editing.ts';
import type { Correction, EditingDeps, SaidAt } from './editing.ts';
import { editsOf } from './edits.ts';

/** What an edit changes; where, is said beside it. */
export type ImportedChange =
  | Extract<Correction, { readonly kind: 'title' | 'star' | 'tag' }>
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'speaker'; readonly name: string; readonly scope: SpeakerScope }
  | { readonly kind: 'split' }
  | { readonly kind: 'merge'; readonly untilMs: number };

export interface ImportedEdit {
  readonly change: ImportedChange;
  /** Null for what stands with the conversation itself: it is about its beginning, and made now. */
  readonly made: { readonly id: string; readonly atMs: number; readonly place: SaidAt } | null;
}

interface EditsToImport {
  readonly uid: string;
  /** Where what has no place of its own belongs. */
  readonly conversationId: string;
  readonly edits: readonly ImportedEdit[];
  /** The conversation at a moment of the device's time, Unix milliseconds. */
  readonly find: (atMs: number) => Promise<string | null>;
  /** Of the content, for ids of edits that have none. */
  readonly id: string;
}

/** What an edit meets whose speech is not there: it was deleted, or is here in another form. */
const REFUSALS: readonly ErrorCode[] = [
  'speech_not_found',
  'conversation_not_found',
  'conversations_not_mergeable',
  'invalid_request',
];

/** @returns how many could not be made, because what they are about is not there. */
export async function importEdits(
  { uid, conversationId, edits, find, id }: EditsToImport,
  deps: EditingDeps,
): Promise<number> {
  const known = await knownIds(uid, edits, deps);
  let refused = 0;
  for (const [i, { change, made }] of edits.entries()) {
    if (made !== null && known.has(made.id)) continue;
    const at = made === null ? conversationId : await find(made.place.startMs);
    const correction = at === null ? null : await correctionOf(change, made?.place ?? null, at, find);
    if (correction === null) continue;
    const editId = made?.id ?? `${IMPORTED}${id}-${i}`;
    const editedAt = made === null ? {} : { editedAtMs: made.atMs };
    try {
      await editConversation({ uid, conversationId: at ?? '', editId, correction, ...editedAt }, deps);
    } catch (error) {
      if (!(error instanceof AppError) || !REFUSALS.includes(error.code)) throw error;
      refused++;
    }
  }
  return refused;
}

/** Those that are stored, undone ones among them: an import changes nothing of them. */
async function knownIds(uid: string, edits: readonly ImportedEdit[], { db }: EditingDeps): Promise<Set<string>> {
  const ids = [...new Set(edits.flatMap(({ made }) => made?.id ?? []))];
  if (ids.length === 0) return new Set();
  const docs = await db.getAll(...ids.map((id) => editsOf(db, uid).doc(id)), { fieldMask: [] });
  return new Set(docs.filter(({ exists }) => exists).map((doc) => doc.id));
}

/** @returns null where there is nothing to be done: what is to be one conversation is one. */
async function correctionOf(
  change: ImportedChange,
  place: SaidAt | null,
  at: string,
  find: EditsToImport['find'],
): Promise<Correction | null> {
  switch (change.kind) {
    case 'title':
    case 'star':
    case 'tag':
      return change;
    case 'text':
    case 'speaker':
      return place && { ...change, ...place };
    case 'split':
      return place && { kind: 'split', atMs: place.startMs };
    case 'merge': {
      const withId = await find(change.untilMs);
      return withId === null || withId === at ? null : { kind: 'merge', withId };
    }
  }
}
