/** The reference for edits: the titles and texts of conversations, by the edits that are in effect. */
import { isDeepStrictEqual } from 'node:util';
import { editedConversation, editedSegments } from 'offline-audio-sync-contract';
import type { Conversation, Segment } from '../../src/conversations/conversation.ts';
import type { StoredEdit } from '../../src/conversations/edits.ts';
import { DAY_MS } from './model.ts';
import type { Boundaries, SpokenWord } from './model.ts';
import { CORRECTED_TEXTS } from './edits.ts';
import type { EditFact } from './edits.ts';

/** Words that occur in no recording. */
const CORRECTIONS = CORRECTED_TEXTS.flatMap((text) => text.split(' '));

/** Finds the spoken words in what is stored. */
export class Detection {
  readonly #spoken: readonly SpokenWord[];
  readonly #stored: readonly { readonly id: number; readonly atMs: number; readonly segment: Segment }[];

  constructor(spoken: readonly SpokenWord[], segments: Iterable<Segment>) {
    this.#spoken = spoken;
    this.#stored = [...segments].flatMap((segment) =>
      segment.words.map(({ fromMs, toMs }) => {
        const atMs = segment.startedAt.toMillis() + (fromMs + toMs) / 2;
        return { id: this.at(segment.deviceId, atMs), atMs, segment };
      }),
    );
  }

  /** The number of the word that is spoken at a moment of a device, Unix milliseconds; 0 for none. */
  at(deviceId: string, atMs: number): number {
    const found = this.#spoken.find(
      ({ device, startMs, endMs }) => device === deviceId && atMs >= DAY_MS + startMs && atMs <= DAY_MS + endMs,
    );
    return found?.id ?? 0;
  }

  /** The words that an edit covers, in order of time: those of its recording. */
  of({ recordingId, recordingStartedAt, startedAt, endedAt }: StoredEdit): number[] {
    return this.#stored
      .filter(
        ({ atMs, segment }) =>
          segment.recordingId === recordingId &&
          segment.recordingStartedAt.isEqual(recordingStartedAt) &&
          atMs >= startedAt.toMillis() &&
          atMs <= endedAt.toMillis(),
      )
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ id }) => id);
  }
}

/** Edits of deleted speech are gone; all others are stored as they were made. */
export function editsAreKept(
  facts: readonly EditFact[],
  stored: readonly StoredEdit[],
  isDeleted: (edit: StoredEdit) => boolean,
): string[] {
  const left = new Map(stored.map((edit) => [edit.id, edit]));
  const complaints = facts.flatMap(({ edit, isUndone }) => {
    const now = left.get(edit.id);
    left.delete(edit.id);
    if (isDeleted(edit))
      return now === undefined ? [] : [`the ${edit.kind} ${edit.id} of deleted speech is still there`];
    if (now === undefined) return [`the ${edit.kind} ${edit.id} is gone`];
    if ((now.undoneAt !== null) !== isUndone) return [`the ${edit.kind} ${edit.id} is ${isUndone ? 'not ' : ''}undone`];
    const content = ({ undoneAt: _, updatedAt: __, ...rest }: StoredEdit): object => rest;
    return isDeepStrictEqual(content(now), content(edit)) ? [] : [`the ${edit.kind} ${edit.id} has changed`];
  });
  return [...complaints, ...[...left.keys()].map((id) => `the edit ${id} was never made`)];
}

/** The edits in effect, from the earliest to the latest. */
export function inEffect(edits: readonly StoredEdit[]): StoredEdit[] {
  return edits
    .filter(({ undoneAt }) => undoneAt === null)
    .sort((a, b) => a.editedAt.toMillis() - b.editedAt.toMillis() || (a.id < b.id ? -1 : 1));
}

/** The boundaries that edits make, with the times of the case. @param edits in effect, in their order */
export function boundariesIn(edits: readonly StoredEdit[]): Boundaries {
  const cuts: { device: string; atMs: number }[] = [];
  const merges: { device: string; fromMs: number; toMs: number }[] = [];
  for (const edit of edits) {
    const [device, atMs] = [edit.deviceId, edit.startedAt.toMillis() - DAY_MS];
    if (edit.kind === 'split') cuts.push({ device, atMs });
    if (edit.kind !== 'merge') continue;
    const toMs = edit.until.startedAt.toMillis() - DAY_MS;
    merges.push({ device, fromMs: atMs, toMs });
    for (let i = cuts.length - 1; i >= 0; i--)
      if (cuts[i]!.device === device && cuts[i]!.atMs > atMs && cuts[i]!.atMs <= toMs) cuts.splice(i, 1);
  }
  return { cuts, merges };
}

interface Shown {
  readonly conversation: Conversation;
  /** Its segments, in order of time. */
  readonly segments: readonly Segment[];
  /** The words that should be in it, in order of time. */
  readonly words: readonly SpokenWord[];
}

/** The conversation has the title, star, tags, texts and names of the edits. @param edits in effect, in their order */
export function readsAsCorrected(
  { conversation, segments, words }: Shown,
  edits: readonly StoredEdit[],
  heard: Detection,
): string[] {
  const about = edits.filter(({ deviceId, startedAt }) => {
    const id = heard.at(deviceId, startedAt.toMillis());
    return words.some((word) => word.id === id);
  });
  const expected = {
    ...headOf(conversation, about),
    ...textOf(words, edits, heard),
    names: namesOf(segments, about, edits, heard),
  };
  const read = editedSegments(segments, conversation, edits);
  const names = read.map(({ speakerName }) => speakerName);
  const said = read.flatMap(({ startedAt, words: all }) =>
    all.map(({ text, fromMs }) => ({ text, atMs: startedAt.toMillis() + fromMs })),
  );
  const texts = said.sort((a, b) => a.atMs - b.atMs).map(({ text }) => text);
  const actual = {
    ...editedConversation(conversation, edits),
    heard: texts.filter((text) => !CORRECTIONS.includes(text)),
    corrected: texts.filter((text) => CORRECTIONS.includes(text)).sort(),
    // A segment whose words were all corrected is not read, so it has no name.
    names: read.length === segments.length ? names : expected.names,
  };
  return isDeepStrictEqual(actual, expected)
    ? []
    : [`reads as ${JSON.stringify(actual)}, which should be ${JSON.stringify(expected)}`];
}

function headOf({ title }: Conversation, about: readonly StoredEdit[]) {
  const tags = about.filter((edit) => edit.kind === 'tag');
  return {
    title: about.filter((edit) => edit.kind === 'title').at(-1)?.title ?? title,
    starred: about.filter((edit) => edit.kind === 'star').at(-1)?.starred ?? false,
    tags: ['a', 'b'].filter((tag) => tags.findLast((edit) => edit.tag === tag)?.tagged === true),
  };
}

/**
 * The words that no correction covers, in order of time, and the corrections. A correction is in the conversation that had its first
 * word; a later one replaces those that it overlaps.
 */
function textOf(words: readonly SpokenWord[], edits: readonly StoredEdit[], heard: Detection) {
  const texts = edits
    .filter((edit) => edit.kind === 'text')
    .map((edit) => ({ text: edit.text, ids: heard.of(edit) }))
    .filter(({ ids }, i, all) => !all.slice(i + 1).some((later) => later.ids.some((id) => ids.includes(id))));
  return {
    heard: words.filter(({ id }) => !texts.some(({ ids }) => ids.includes(id))).map(({ text }) => text),
    corrected: texts
      .filter(({ ids }) => words.some(({ id }) => id === ids[0]))
      .flatMap(({ text }) => text.split(' '))
      .sort(),
  };
}

/**
 * The names of the segments: a name of the sentence counts before one of the conversation, and a later one before an earlier one.
 * @param about edits of the conversation
 */
function namesOf(
  segments: readonly Segment[],
  about: readonly StoredEdit[],
  edits: readonly StoredEdit[],
  heard: Detection,
): (string | null)[] {
  const named = edits.filter((edit) => edit.kind === 'speaker');
  const wide = named.findLast((edit) => edit.scope !== 'sentence' && about.includes(edit));
  return segments.map(({ deviceId, startedAt, words }) => {
    const own = words.map(({ fromMs, toMs }) => heard.at(deviceId, startedAt.toMillis() + (fromMs + toMs) / 2));
    const narrow = named.findLast((edit) => edit.scope === 'sentence' && heard.of(edit).some((id) => own.includes(id)));
    return (narrow ?? wide)?.name ?? null;
  });
}
