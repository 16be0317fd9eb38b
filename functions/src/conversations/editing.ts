/** Stores a user's corrections of a conversation, and undoes them: see the contract's edit.ts. The transcript itself does not change. */
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore, Transaction } from 'firebase-admin/firestore';
import { joinText } from 'offline-audio-sync-contract';
import type { SpeakerScope } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';
import type { Interval } from './interval.ts';
import { DeviceAxis, finishingDeletions } from './axis.ts';
import { isPossibleMerge } from './boundaries.ts';
import { conversationsOf, pagesBetween, segmentPagesOf, transcriptOf } from './collections.ts';
import { segmentsIn, spokenWords } from './conversation.ts';
import type { Conversation, Segment } from './conversation.ts';
import { editsOf, isBoundary, stretchOf } from './edits.ts';
import type { Edit, EditChange, EditPlace, StoredEdit } from './edits.ts';
import { prepareRegroup } from './regroup.ts';
import { middle } from './repeats.ts';
import type { ConversationStore } from './store.ts';
import type { Summaries } from './summaries.ts';

/** A stretch of a recording, as an app knows it from segments. Unix milliseconds. */
export interface SaidAt extends Interval {
  readonly recordingId: string;
  /** The number of the voice. Without it, a text replaces what all voices said there, and a name goes to the voice that speaks first. */
  readonly voice?: number | null | undefined;
}

/** The change that a user asks for. */
export type Correction =
  | { readonly kind: 'title'; readonly title: string }
  | { readonly kind: 'star'; readonly starred: boolean }
  | { readonly kind: 'tag'; readonly tag: string; readonly tagged: boolean }
  | ({ readonly kind: 'text'; readonly text: string } & SaidAt)
  | ({ readonly kind: 'speaker'; readonly name: string; readonly scope: SpeakerScope } & SaidAt)
  | { readonly kind: 'split'; readonly atMs: number }
  | { readonly kind: 'merge'; readonly withId: string };

export interface CorrectionRequest {
  readonly uid: string;
  readonly conversationId: string;
  /** Chosen by the caller, so that a repeated call is one edit; null for a new one. */
  readonly editId: string | null;
  readonly correction: Correction;
  /** When an imported edit was made, Unix milliseconds; the default is now. */
  readonly editedAtMs?: number;
}

export interface EditingDeps {
  readonly db: Firestore;
  readonly conversations: Pick<ConversationStore, 'gapMs' | 'finishDeletion'>;
  readonly summaries: Pick<Summaries, 'refresh'>;
  /** Runs an edit in its turn, see {@link EDITS_AT_ONCE}; without it edits run immediately. */
  readonly inTurn?: <T>(edit: () => Promise<T>) => Promise<T>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Edits that one instance makes at once: each may read all words of a long conversation, some 100 MB. */
export const EDITS_AT_ONCE = 3;

export interface EditOutcome {
  readonly editId: string;
  /** The conversations in which the edit's place lies now, in order of time. */
  readonly conversationIds: readonly string[];
}

/**
 * Writes a correction as an edit.
 * @throws AppError `conversation_not_found`; `speech_not_found` where nothing was said at the place; `conversations_not_mergeable`;
 * `conversation_merged` where the two are one by now.
 */
export async function editConversation(request: CorrectionRequest, deps: EditingDeps): Promise<EditOutcome> {
  const { uid, editId } = request;
  const ref = editId === null ? editsOf(deps.db, uid).doc() : editsOf(deps.db, uid).doc(editId);
  return inTransaction(uid, ref.id, deps, async (tx) => {
    const made = (await tx.get(ref)).data();
    if (made !== undefined) return holders(tx, { ...made, id: ref.id }, uid, deps);
    const conversation = await openConversation(tx, deps.db, uid, request.conversationId);
    const now = deps.now();
    const editedAt = Timestamp.fromMillis(Math.min(request.editedAtMs ?? now, now));
    const { deviceId } = conversation;
    const described = await describe(tx, request, conversation, deps.db);
    const edit: Edit = { ...described, deviceId, editedAt, undoneAt: null, updatedAt: Timestamp.fromMillis(now) };
    const stored = { ...edit, id: ref.id };
    const write = await prepareHolders(tx, stored, uid, deps, (edits) => [...edits, stored]);
    return () => {
      tx.create(ref, edit);
      return write();
    };
  });
}

/** Takes an edit back. A second call changes nothing. @throws AppError `edit_not_found`. */
export async function undoEdit(uid: string, editId: string, deps: EditingDeps): Promise<EditOutcome> {
  const ref = editsOf(deps.db, uid).doc(editId);
  return inTransaction(uid, editId, deps, async (tx) => {
    const edit = (await tx.get(ref)).data();
    if (edit === undefined) throw new AppError('edit_not_found');
    const stored = { ...edit, id: editId };
    if (edit.undoneAt !== null) return holders(tx, stored, uid, deps);
    const write = await prepareHolders(tx, stored, uid, deps, (edits) => edits.filter(({ id }) => id !== editId));
    return () => {
      const now = Timestamp.fromMillis(deps.now());
      tx.update(ref, { undoneAt: now, updatedAt: now });
      return write();
    };
  });
}

/** Runs the edit, finishing deletions that are in its way, then summarises the conversations whose speech has changed. */
async function inTransaction(
  uid: string,
  editId: string,
  { db, conversations, summaries, inTurn = (edit) => edit() }: EditingDeps,
  prepare: (tx: Transaction) => Promise<() => string[]>,
): Promise<EditOutcome> {
  const conversationIds = await finishingDeletions(conversations, () =>
    inTurn(() => db.runTransaction(async (tx) => (await prepare(tx))())),
  );
  await summaries.refresh(uid, conversationIds, {});
  return { editId, conversationIds };
}

async function openConversation(tx: Transaction, db: Firestore, uid: string, id: string): Promise<Conversation> {
  const conversation = (await tx.get(conversationsOf(db, uid).doc(id))).data();
  // A merged conversation still has its interval, in which its speech still lies.
  if (conversation?.state === 'live' || conversation?.state === 'merged') return conversation;
  throw new AppError('conversation_not_found');
}

/** The most words of conversations that one edit may split or merge: a day and a half of speech without a pause, some 100 MB in memory. */
export const MOST_REGROUPED_WORDS = 300_000;

/** Divides conversations again if the edit is a boundary. The returned function gives the conversations in which the edit lies. */
async function prepareHolders(
  tx: Transaction,
  edit: StoredEdit,
  uid: string,
  deps: EditingDeps,
  change: (edits: readonly StoredEdit[]) => readonly StoredEdit[],
): Promise<() => string[]> {
  if (!isBoundary(edit)) return holders(tx, edit, uid, deps);
  const { db, conversations, now } = deps;
  const where = { uid, deviceId: edit.deviceId, around: [stretchOf(edit)] };
  const rules = { gapMs: conversations.gapMs, mostWords: MOST_REGROUPED_WORDS };
  return prepareRegroup(tx, db, { ...where, ...rules, change, nowMs: now() });
}

async function holders(tx: Transaction, edit: StoredEdit, uid: string, { db }: EditingDeps): Promise<() => string[]> {
  const { startMs, endMs } = stretchOf(edit);
  const near = await new DeviceAxis(db, uid, edit.deviceId).neighbours(tx, startMs - 1, endMs + 1);
  return () => near.map(({ id }) => id);
}

/** What is stored of a correction: the change and its place. */
async function describe(
  tx: Transaction,
  { uid, correction }: CorrectionRequest,
  conversation: Conversation,
  db: Firestore,
): Promise<EditChange & EditPlace> {
  switch (correction.kind) {
    case 'title':
    case 'star':
    case 'tag':
      return { ...correction, ...placeOfSegment(await firstSegment(tx, db, uid, conversation)) };
    case 'text': {
      const said = await saidAt(tx, db, uid, conversation, correction);
      const speaker = (correction.voice ?? null) === null ? null : said.speaker;
      return { kind: 'text', text: correction.text, heard: said.text, speaker, ...said.place };
    }
    case 'speaker': {
      const { name, scope } = correction;
      const { place, speaker } = await saidAt(tx, db, uid, conversation, correction);
      return {
        kind: 'speaker',
        name,
        scope: speaker === null && scope === 'everywhere' ? 'conversation' : scope,
        speaker,
        ...place,
      };
    }
    case 'split':
      return { kind: 'split', ...(await wordAt(tx, db, uid, conversation, correction.atMs)) };
    case 'merge':
      return describeMerge(tx, db, uid, conversation, await openConversation(tx, db, uid, correction.withId));
  }
}

async function describeMerge(
  tx: Transaction,
  db: Firestore,
  uid: string,
  one: Conversation,
  other: Conversation,
): Promise<EditChange & EditPlace> {
  const [earlier, later] = one.startedAt.toMillis() <= other.startedAt.toMillis() ? [one, other] : [other, one];
  if (earlier.deviceId !== later.deviceId) throw new AppError('conversations_not_mergeable');
  // Conversations of one device never overlap, unless one has become part of the other.
  if (later.startedAt.toMillis() <= earlier.finishedAt.toMillis()) throw new AppError('conversation_merged');
  const from = placeOfSegment(await lastSegment(tx, db, uid, earlier));
  const until = placeOfSegment(await firstSegment(tx, db, uid, later));
  const stretch = { startMs: from.startedAt.toMillis(), endMs: until.startedAt.toMillis() };
  if (!isPossibleMerge(stretch)) throw new AppError('conversations_not_mergeable');
  return { kind: 'merge', ...from, until };
}

/** @throws AppError `conversation_not_found` if its speech lies elsewhere now. */
async function firstSegment(tx: Transaction, db: Firestore, uid: string, conversation: Conversation): Promise<Segment> {
  const { docs } = await tx.get(transcriptOf(segmentPagesOf(db, uid), conversation).limit(1));
  const [first] = segmentsIn(docs.map((doc) => doc.data()));
  if (first === undefined) throw new AppError('conversation_not_found');
  return first;
}

async function lastSegment(tx: Transaction, db: Firestore, uid: string, conversation: Conversation): Promise<Segment> {
  const { deviceId, startedAt, finishedAt } = conversation;
  const endMs = finishedAt.toMillis();
  const { docs } = await tx.get(pagesBetween(db, { uid, deviceId, startMs: endMs, endMs }));
  const last = segmentsIn(docs.map((doc) => doc.data())).findLast(
    (segment) => segment.startedAt >= startedAt && segment.startedAt <= finishedAt,
  );
  if (last === undefined) throw new AppError('conversation_not_found');
  return last;
}

function placeOfSegment({ recordingId, recordingStartedAt, startedAt, endedAt }: EditPlace): EditPlace {
  return { recordingId, recordingStartedAt, startedAt, endedAt };
}

/** The longest place of an edit, milliseconds: all of it is read. */
const LONGEST_PLACE_MS = 3600_000;
/** The most characters at the place of an edit, an hour of speech: they are stored as `heard`, in one document. */
const MOST_HEARD = 100_000;
/** The most pages that are read of such a place: an hour in recordings of ten seconds has fewer. */
const MOST_PLACE_PAGES = 500;

/** Reads the speech in a stretch of a recording of the conversation's device. @throws AppError `speech_not_found`; `invalid_request` */
async function saidAt(
  tx: Transaction,
  db: Firestore,
  uid: string,
  { deviceId }: Conversation,
  { recordingId, startMs, endMs, voice = null }: SaidAt,
): Promise<{ readonly place: EditPlace; readonly text: string; readonly speaker: number | null }> {
  if (endMs - startMs > LONGEST_PLACE_MS)
    throw new AppError('invalid_request', { message: 'from, to: at most an hour.' });
  const { docs } = await tx.get(pagesBetween(db, { uid, deviceId, startMs, endMs }).limit(MOST_PLACE_PAGES));
  const segments = segmentsIn(docs.map((doc) => doc.data())).filter((segment) => segment.recordingId === recordingId);
  const everything = segments.flatMap((segment) =>
    spokenWords(segment)
      .filter((word) => middle(word) >= startMs && middle(word) <= endMs)
      .map((word) => ({ ...word, segment })),
  );
  // A voice that speaks alone is meant whatever its number is, because the number may have changed since the caller has read it.
  const isAlone = new Set(everything.map(({ speaker }) => speaker)).size < 2;
  const said = voice === null || isAlone ? everything : everything.filter(({ speaker }) => speaker === voice);
  const first = said[0];
  if (first === undefined) throw new AppError('speech_not_found');
  const { segment } = first;
  const text = joinText(said.map((word) => word.text));
  if (text.length > MOST_HEARD) {
    const message = `from, to: at most ${String(MOST_HEARD)} characters.`;
    throw new AppError('invalid_request', { message });
  }
  return {
    place: {
      recordingId,
      recordingStartedAt: segment.recordingStartedAt,
      startedAt: Timestamp.fromMillis(first.startMs),
      endedAt: Timestamp.fromMillis(said.reduce((end, word) => Math.max(end, word.endMs), first.endMs)),
    },
    text,
    speaker: segment.speaker,
  };
}

/** Finds the word that begins at a moment. @throws AppError `speech_not_found` */
async function wordAt(
  tx: Transaction,
  db: Firestore,
  uid: string,
  { deviceId }: Conversation,
  atMs: number,
): Promise<EditPlace> {
  const { docs } = await tx.get(pagesBetween(db, { uid, deviceId, startMs: atMs, endMs: atMs }));
  for (const segment of segmentsIn(docs.map((doc) => doc.data()))) {
    const word = spokenWords(segment).find(({ startMs }) => startMs === atMs);
    if (word === undefined) continue;
    const { recordingId, recordingStartedAt } = segment;
    const [startedAt, endedAt] = [Timestamp.fromMillis(word.startMs), Timestamp.fromMillis(word.endMs)];
    return { recordingId, recordingStartedAt, startedAt, endedAt };
  }
  throw new AppError('speech_not_found');
}
