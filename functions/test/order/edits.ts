/** The edits in one case of the order suite: how they are planned, made and first stored. */
import fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { editConversation, undoEdit } from '../../src/conversations/editing.ts';
import type { Correction, EditingDeps } from '../../src/conversations/editing.ts';
import type { Segment } from '../../src/conversations/conversation.ts';
import { editsOf } from '../../src/conversations/edits.ts';
import type { StoredEdit } from '../../src/conversations/edits.ts';
import { AppError } from '../../src/errors.ts';
import { isContention } from '../support/errors.ts';

/** An edit of the conversation with a word, or of what was said from that word on. `word`, `other`: numbers of words. */
export type EditPlan =
  | { readonly kind: 'title'; readonly word: number; readonly text: string }
  | { readonly kind: 'star'; readonly word: number; readonly on: boolean }
  | { readonly kind: 'tag'; readonly word: number; readonly text: string; readonly on: boolean }
  | { readonly kind: 'text'; readonly word: number; readonly text: string; readonly words: number }
  | {
      readonly kind: 'speaker';
      readonly word: number;
      readonly text: string;
      readonly words: number;
      readonly isWhole: boolean;
    }
  | { readonly kind: 'split'; readonly word: number }
  | { readonly kind: 'merge'; readonly word: number; readonly other: number }
  /** Undoes an earlier edit. `edit`: its index. */
  | { readonly kind: 'undo'; readonly edit: number };

/** New texts, names and titles, which occur in no recording. */
export const CORRECTED_TEXTS = ['one', 'two', 'three four'] as const;

/** @param wordOf chooses the number of a word */
export function editPlans(wordOf: Arbitrary<number>): Arbitrary<EditPlan> {
  const text = fc.constantFrom(...CORRECTED_TEXTS);
  const words = fc.integer({ min: 1, max: 3 });
  const of = <Kind extends EditPlan['kind'], Rest extends object>(kind: Kind, rest: Arbitrary<Rest>) =>
    rest.map((fields) => ({ kind, ...fields }));
  return fc.oneof(
    of('title', fc.record({ word: wordOf, text })),
    of('star', fc.record({ word: wordOf, on: fc.boolean() })),
    of('tag', fc.record({ word: wordOf, text: fc.constantFrom('a', 'b'), on: fc.boolean() })),
    of('text', fc.record({ word: wordOf, text, words })),
    of('speaker', fc.record({ word: wordOf, text, words, isWhole: fc.boolean() })),
    of('split', fc.record({ word: wordOf })),
    of('merge', fc.record({ word: wordOf, other: wordOf })),
    of('undo', fc.record({ edit: fc.nat(5) })),
  ) as Arbitrary<EditPlan>;
}

export function showEdit(edit: EditPlan): string {
  switch (edit.kind) {
    case 'title':
      return `the conversation of #${edit.word} is called "${edit.text}"`;
    case 'star':
      return `the conversation of #${edit.word} is ${edit.on ? 'starred' : 'no longer starred'}`;
    case 'tag':
      return `the conversation of #${edit.word} ${edit.on ? 'gets' : 'loses'} the tag "${edit.text}"`;
    case 'text':
      return `${edit.words} words from #${edit.word} read "${edit.text}"`;
    case 'speaker':
      return `"${edit.text}" says ${edit.isWhole ? 'the conversation of' : `${edit.words} words from`} #${edit.word}`;
    case 'split':
      return `a conversation begins with #${edit.word}`;
    case 'merge':
      return `the conversations of #${edit.word} and #${edit.other} are merged`;
    case 'undo':
      return `edit ${edit.edit} is undone`;
  }
}

/** An edit that was made, as it was first stored. */
export interface EditFact {
  readonly edit: StoredEdit;
  isUndone: boolean;
}

/** Where a word is stored. */
export interface HeardWord {
  readonly conversationId: string;
  readonly segment: Segment;
  /** The index of the word in the segment. */
  readonly index: number;
}

/** How often a call is tried while others change the same documents. */
const MOST_TRIES = 6;
/** Errors that an edit may get if its conversation changes meanwhile. */
const OVERTAKEN = [
  'conversation_not_found',
  'speech_not_found',
  'conversations_not_mergeable',
  'conversation_merged',
  'edit_not_found',
];

/** Makes edits as an app does: each has its own id, and is tried again after a conflict. */
export class Editor {
  readonly facts: EditFact[] = [];
  readonly #uid: string;
  readonly #deps: EditingDeps;
  #made = 0;

  constructor(uid: string, deps: EditingDeps) {
    this.#uid = uid;
    this.#deps = deps;
  }

  /** @param find where a word is stored; null if it is not stored yet, or deleted */
  async make(plan: EditPlan, find: (word: number) => Promise<HeardWord | null>): Promise<void> {
    if (plan.kind === 'undo') return this.#undo(plan.edit);
    const heard = await find(plan.word);
    const other = plan.kind === 'merge' ? await find(plan.other) : null;
    if (heard === null) return;
    const correction = correctionOf(plan, heard, other);
    if (correction === null) return;
    const editId = `edit-${String(this.#made++).padStart(16, '0')}`;
    const request = { uid: this.#uid, conversationId: heard.conversationId, editId, correction };
    await tried(() => editConversation(request, this.#deps));
    const ref = editsOf(this.#deps.db, this.#uid).doc(editId);
    const edit = (await ref.get()).data();
    if (edit !== undefined) this.facts.push({ edit: { ...edit, id: editId }, isUndone: false });
  }

  async #undo(index: number): Promise<void> {
    const fact = this.facts[index];
    if (fact === undefined) return;
    await tried(() => undoEdit(this.#uid, fact.edit.id, this.#deps));
    const stored = (await editsOf(this.#deps.db, this.#uid).doc(fact.edit.id).get()).data();
    // An edit is deleted with the speech that it covers.
    fact.isUndone = stored === undefined || stored.undoneAt !== null;
  }
}

function correctionOf(
  plan: Exclude<EditPlan, { kind: 'undo' }>,
  { conversationId, segment, index }: HeardWord,
  other: HeardWord | null,
): Correction | null {
  const startedAtMs = segment.startedAt.toMillis();
  const said = (words: number) => ({
    recordingId: segment.recordingId,
    startMs: startedAtMs + segment.words[index]!.fromMs,
    endMs: startedAtMs + segment.words.slice(index, index + words).at(-1)!.toMs,
  });
  switch (plan.kind) {
    case 'title':
      return { kind: 'title', title: plan.text };
    case 'star':
      return { kind: 'star', starred: plan.on };
    case 'tag':
      return { kind: 'tag', tag: plan.text, tagged: plan.on };
    case 'text':
      return { kind: 'text', text: plan.text, ...said(plan.words) };
    case 'speaker': {
      const scope = plan.isWhole ? 'conversation' : 'sentence';
      return { kind: 'speaker', name: plan.text, scope, ...said(plan.words) };
    }
    case 'split':
      return { kind: 'split', atMs: said(1).startMs };
    case 'merge':
      if (other === null || other.conversationId === conversationId) return null;
      return { kind: 'merge', withId: other.conversationId };
  }
}

/** Tries again after a conflict. Does nothing if the conversation has changed so that the call is no longer possible. */
async function tried(call: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await call();
      return;
    } catch (error) {
      if (error instanceof AppError && OVERTAKEN.includes(error.code)) return;
      if (!isContention(error)) throw error;
      if (tries === MOST_TRIES) return;
    }
  }
}
