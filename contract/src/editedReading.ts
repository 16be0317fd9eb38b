/** Applies edits to a conversation and its segments, as they are read. Pure. */
import type { ConversationDoc, PageSegment, SegmentDoc, SegmentWord } from './conversation.ts';
import type { EditDoc, EditKind, EditPlace, SpeakerEdit } from './edit.ts';
import { joinText, spreadOverTime } from './text.ts';
import type { Instant } from './time.ts';

/** An edit with its id. */
export type StoredEdit<Time extends Instant = Instant> = EditDoc<Time> & { readonly id: string };

type EditOf<Kind extends EditKind> = Extract<StoredEdit, { readonly kind: Kind }>;

/** A conversation's fields after its edits. */
export interface ConversationEdits {
  /** The user's title, or else the derived one. */
  readonly title: string | null;
  readonly starred: boolean;
  /** In alphabetical order. */
  readonly tags: readonly string[];
}

/** When a conversation began and ended. */
export type ConversationInterval = Pick<ConversationDoc, 'startedAt' | 'finishedAt'>;

/** The edits that are in effect, the earliest first, whatever the order in which they were read. */
export function editsInEffect<Time extends Instant>(edits: Iterable<StoredEdit<Time>>): StoredEdit<Time>[] {
  return [...edits]
    .filter(({ undoneAt }) => undoneAt === null)
    .sort((a, b) => a.editedAt.toMillis() - b.editedAt.toMillis() || (a.id < b.id ? -1 : 1));
}

/**
 * Title, star and tags of a conversation.
 * @param edits of its user, in any order. Edits of other conversations and devices are ignored.
 */
export function editedConversation(
  conversation: ConversationInterval & Pick<ConversationDoc, 'deviceId' | 'title'>,
  edits: Iterable<StoredEdit>,
): ConversationEdits {
  let { title } = conversation;
  let starred = false;
  const tags = new Set<string>();
  for (const edit of editsInEffect(edits)) {
    if (edit.deviceId !== conversation.deviceId || !isIn(edit, conversation)) continue;
    if (edit.kind === 'title') title = edit.title;
    else if (edit.kind === 'star') starred = edit.starred;
    else if (edit.kind === 'tag' && edit.tagged) tags.add(edit.tag);
    else if (edit.kind === 'tag') tags.delete(edit.tag);
  }
  return { title, starred, tags: [...tags].sort() };
}

/** A segment as its user corrected it. */
export type EditedSegment<Segment extends SegmentDoc = SegmentDoc> = Segment & {
  /** The transcribed text, if `text` is a correction; null otherwise. */
  readonly heard: string | null;
  /** The speaker's name, if the user has given one. */
  readonly speakerName: string | null;
};

/**
 * The segments of a conversation with corrected texts and names of speakers. If a corrected text covers two segments, the first gets
 * the text; a segment without any text left is omitted.
 * @param edits those of the conversation, and those of voices that are named everywhere (`namedVoices`), in any order.
 */
export function editedSegments<Segment extends SegmentDoc>(
  segments: readonly Segment[],
  conversation: ConversationInterval & Pick<ConversationDoc, 'deviceId'>,
  edits: Iterable<StoredEdit>,
): EditedSegment<Segment>[] {
  const valid = editsInEffect(edits);
  const names = valid.filter((edit) => edit.kind === 'speaker');
  const texts = withoutReplaced(valid.filter((edit) => edit.kind === 'text'));
  const standing = new Set<EditOf<'text'>>();
  return segments.flatMap((segment) => {
    const speakerName = nameOf(segment, conversation, names);
    const mine = texts.filter((edit) => isOfWords(edit, segment));
    let corrected: Pick<PageSegment, 'text' | 'words'> = segment;
    for (const edit of mine) {
      // A correction is shown once: in the first segment that it covers, even if a split divides these or two voices speak at once.
      const isFirst = !standing.has(edit) && isIn(edit, { startedAt: segment.startedAt, finishedAt: segment.endedAt });
      if (isFirst) standing.add(edit);
      corrected = correct(segment, corrected.words, edit, isFirst ? edit.text : '');
    }
    if (corrected.words.length === 0 && mine.length > 0) return [];
    return [{ ...segment, ...corrected, heard: mine.length > 0 ? segment.text : null, speakerName }];
  });
}

function isIn({ startedAt }: EditPlace, conversation: ConversationInterval): boolean {
  const at = startedAt.toMillis();
  return at >= conversation.startedAt.toMillis() && at <= conversation.finishedAt.toMillis();
}

/** Two may speak at once. An edit that names no voice is about all of them. */
function sameVoice({ speaker: one = null }: OfVoice, { speaker: other = null }: OfVoice): boolean {
  return one === null || other === null || one === other;
}

interface OfVoice {
  readonly speaker?: number | null;
}

type Place = Pick<EditPlace, 'recordingId' | 'recordingStartedAt'>;

function samePlace(a: Place, b: Place): boolean {
  return a.recordingId === b.recordingId && a.recordingStartedAt.toMillis() === b.recordingStartedAt.toMillis();
}

function overlaps(a: EditPlace, b: Pick<EditPlace, 'startedAt' | 'endedAt'>): boolean {
  return a.startedAt.toMillis() < b.endedAt.toMillis() && b.startedAt.toMillis() < a.endedAt.toMillis();
}

/**
 * Whether an edit is about words of a segment. Times are compared first, because most edits lie elsewhere, and need no search for a
 * word then.
 */
function isOfWords(edit: EditPlace & OfVoice, segment: SegmentDoc): boolean {
  return (
    samePlace(edit, segment) &&
    sameVoice(edit, segment) &&
    edit.startedAt.toMillis() <= segment.endedAt.toMillis() &&
    segment.startedAt.toMillis() <= edit.endedAt.toMillis() &&
    segment.words.some(isSaidAt(segment, edit))
  );
}

/** Leaves out corrections that a later one overlaps and so replaces. */
function withoutReplaced(edits: readonly EditOf<'text'>[]): EditOf<'text'>[] {
  return edits.filter(
    (edit, i) =>
      !edits.slice(i + 1).some((later) => samePlace(edit, later) && sameVoice(edit, later) && overlaps(edit, later)),
  );
}

/** Whether most of a word is said at a place. */
function isSaidAt({ startedAt }: Pick<PageSegment, 'startedAt'>, place: EditPlace): (word: SegmentWord) => boolean {
  const [from, to] = [place.startedAt.toMillis(), place.endedAt.toMillis()];
  return ({ fromMs, toMs }) => {
    const middle = startedAt.toMillis() + (fromMs + toMs) / 2;
    return middle >= from && middle <= to;
  };
}

function correct(
  segment: SegmentDoc,
  words: readonly SegmentWord[],
  edit: EditPlace,
  reading: string,
): Pick<PageSegment, 'text' | 'words'> {
  const isReplaced = isSaidAt(segment, edit);
  const first = words.findIndex(isReplaced);
  const replaced = words.filter(isReplaced);
  const before = words.slice(0, first);
  const after = words.slice(first).filter((word) => !isReplaced(word));
  const texts = (some: readonly SegmentWord[]): string[] => some.map(({ text }) => text);
  return {
    text: joinText([...texts(before), reading, ...texts(after)]),
    words: [...before, ...timedWords(reading, replaced), ...after],
  };
}

/**
 * The words of a corrected text, in the time of the words that they replace. Equal words at the beginning and at the end keep their
 * times; the others share the rest of the time by their lengths.
 */
function timedWords(text: string, replaced: readonly SegmentWord[]): SegmentWord[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const [first, last] = [replaced[0], replaced.at(-1)];
  if (first === undefined || last === undefined) return [];
  const most = Math.min(words.length, replaced.length);
  let head = 0;
  while (head < most && words[head] === replaced[head]?.text) head++;
  let tail = 0;
  while (tail < most - head && words.at(-1 - tail) === replaced.at(-1 - tail)?.text) tail++;

  const middle = words.slice(head, words.length - tail);
  const room = replaced.slice(head, replaced.length - tail);
  const fromMs = room[0]?.fromMs ?? replaced[head - 1]?.toMs ?? first.fromMs;
  const toMs = room.at(-1)?.toMs ?? (tail > 0 ? replaced.at(-tail)?.fromMs : undefined) ?? last.toMs;
  const placed = spreadOverTime(middle, fromMs, toMs).map((word) => ({
    text: word.text,
    fromMs: Math.round(word.fromMs),
    toMs: Math.round(word.toMs),
  }));
  return [...replaced.slice(0, head), ...placed, ...(tail === 0 ? [] : replaced.slice(-tail))];
}

const NARROWEST_FIRST = ['sentence', 'conversation', 'everywhere'] as const satisfies SpeakerEdit['scope'][];

function nameOf(
  segment: SegmentDoc,
  conversation: ConversationInterval & Pick<ConversationDoc, 'deviceId'>,
  edits: readonly EditOf<'speaker'>[],
): string | null {
  for (const scope of NARROWEST_FIRST) {
    const last = edits.findLast((edit) => edit.scope === scope && isAbout(edit, segment, conversation));
    if (last !== undefined) return last.name;
  }
  return null;
}

function isAbout(
  edit: EditOf<'speaker'>,
  segment: SegmentDoc,
  conversation: ConversationInterval & Pick<ConversationDoc, 'deviceId'>,
): boolean {
  if (edit.scope === 'sentence') return isOfWords(edit, segment);
  if (edit.speaker !== segment.speaker) return false;
  return edit.scope === 'everywhere' || (edit.deviceId === conversation.deviceId && isIn(edit, conversation));
}
