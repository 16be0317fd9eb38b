/** The corrections of a conversation that is imported: each is made once, in the order in which its user made them. */
import { IMPORTED } from 'offline-audio-sync-contract';
import type { SpeakerScope } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { editConversation } from './editing.ts';
import type { Correction, EditingDeps, SaidAt } from './editing.ts';
import { editsOf } from './edits.ts';

/** What an edit changes. Its place is given apart from it. */
export type ImportedChange =
  | Extract<Correction, { readonly kind: 'title' | 'star' | 'tag' }>
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'speaker'; readonly name: string; readonly scope: SpeakerScope }
  | { readonly kind: 'split' }
  | { readonly kind: 'merge'; readonly untilMs: number };

export interface ImportedEdit {
  readonly change: ImportedChange;
  /** Null for a title, star or tag of the conversation itself: its place is the conversation's beginning, and its time is now. */
  readonly made: { readonly id: string; readonly atMs: number; readonly place: SaidAt } | null;
}

interface EditsToImport {
  readonly uid: string;
  /** The conversation for changes without a place of their own. */
  readonly conversationId: string;
  readonly edits: readonly ImportedEdit[];
  /** The conversation at a moment of the device's time, Unix milliseconds. */
  readonly find: (atMs: number) => Promise<string | null>;
  /** Hash of the content, from which ids are derived for edits without one. */
  readonly id: string;
}

/** Errors of an edit whose speech is not stored: it was deleted, or is stored in another form. */
const REFUSALS: readonly ErrorCode[] = [
  'speech_not_found',
  'conversation_not_found',
  'conversations_not_mergeable',
  'invalid_request',
];

/** @returns how many edits could not be made, because their speech is not stored. */
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

/** Ids of edits that are stored, including undone ones: an import does not change them. */
async function knownIds(uid: string, edits: readonly ImportedEdit[], { db }: EditingDeps): Promise<Set<string>> {
  const ids = [...new Set(edits.flatMap(({ made }) => made?.id ?? []))];
  if (ids.length === 0) return new Set();
  const docs = await db.getAll(...ids.map((id) => editsOf(db, uid).doc(id)), { fieldMask: [] });
  return new Set(docs.filter(({ exists }) => exists).map((doc) => doc.id));
}

/** @returns null for a merge of speech that is one conversation already. */
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
