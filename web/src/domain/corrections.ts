/** The corrections in a conversation, in words, so that each can be undone long after. */
import { editsInEffect, type SpeakerScope, type StoredEdit } from 'offline-audio-sync-contract';
import type { Conversation } from '../data/model.ts';
import { clockSeconds } from './time.ts';

export interface Correction {
  readonly id: string;
  readonly text: string;
  /** Unix milliseconds. */
  readonly editedAt: number;
}

/** Longest quotation, characters. */
const LONGEST_QUOTE = 60;

const SCOPES: Readonly<Record<SpeakerScope, string>> = {
  sentence: 'in one sentence',
  conversation: 'in this conversation',
  everywhere: 'in all conversations',
};

/**
 * The corrections that are in effect, the latest first. Stars and tags are left out, because they have their own buttons.
 * @param names the speakers in this conversation: a name that applies everywhere may have been given in another one
 */
export function correctionsOf(
  { deviceId, startedAt, finishedAt }: Pick<Conversation, 'deviceId' | 'startedAt' | 'finishedAt'>,
  edits: readonly StoredEdit[],
  names: ReadonlySet<string>,
): Correction[] {
  const isHere = (edit: StoredEdit): boolean => {
    if (edit.kind === 'speaker' && edit.scope === 'everywhere') return names.has(edit.name);
    const at = edit.startedAt.toMillis();
    return edit.deviceId === deviceId && at >= startedAt && at <= finishedAt;
  };
  return editsInEffect(edits)
    .filter(isHere)
    .flatMap((edit) => {
      const text = wordsFor(edit);
      return text === null ? [] : [{ id: edit.id, text, editedAt: edit.editedAt.toMillis() }];
    })
    .reverse();
}

function wordsFor(edit: StoredEdit): string | null {
  switch (edit.kind) {
    case 'title':
      return `Title: ${isolated(edit.title)}`;
    case 'text':
      return `${quoted(edit.heard)} was corrected to ${quoted(edit.text)}`;
    case 'speaker':
      return `Speaker: ${isolated(edit.name)}, ${SCOPES[edit.scope]}`;
    case 'split':
      return `Split at ${clockSeconds(edit.startedAt.toMillis())}`;
    case 'merge':
      return `Merged at ${clockSeconds(edit.until.startedAt.toMillis())}`;
    case 'star':
    case 'tag':
      return null;
  }
}

const quoted = (text: string): string =>
  `“${isolated(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE).trimEnd()} …` : text)}”`;

/** Keeps the writing direction of a text from changing that of the text around it, by U+2068 and U+2069. */
const isolated = (text: string): string => `\u2068${text}\u2069`;
