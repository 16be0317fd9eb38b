/**
 * Imports conversations that were exported here or from another project. Their words become speech of their device in the same way as
 * the words of a chunk. So nothing is stored twice, what the user deleted stays deleted, and importing again adds nothing.
 */
import { createHash } from 'node:crypto';
import { FIRST_VOICE, IMPORTED, isImported } from 'offline-audio-sync-contract';
import type { Interval } from './interval.ts';
import { DeviceAxis, finishingDeletions } from './axis.ts';
import { conversationsOf } from './collections.ts';
import type { RecordedWord } from './conversation.ts';
import { importEdits } from './importingEdits.ts';
import type { ImportedEdit } from './importingEdits.ts';
import type { EditingDeps } from './editing.ts';
import { LONGEST_SEGMENT_MS } from './segments.ts';
import type { ConversationStore } from './store.ts';
import type { Summaries } from './summaries.ts';
import { voiceNumber } from './voices.ts';

export interface ImportedWord extends Interval {
  readonly text: string;
  /** Undefined if it is the segment's language. */
  readonly language?: string | null | undefined;
}

export interface ImportedSegment {
  readonly words: readonly ImportedWord[];
  /** The number of the voice, or one that tells voices apart in this conversation alone. */
  readonly speaker: number | null;
  readonly language: string | null;
  /** 0 to 1. */
  readonly confidence: number;
  /** The recording's id by content, if the export has it. */
  readonly recordingId: string | null;
  readonly recordingStartedAtMs: number | null;
  /** The service or model that transcribed it; null if the export does not say. */
  readonly transcriber: string | null;
}

export interface ImportedConversation {
  readonly deviceId: string;
  /** The title and overview that were derived from its transcript before the export. */
  readonly summary: { readonly title: string | null; readonly overview: string | null };
  readonly segments: readonly ImportedSegment[];
  /** The user's corrections. Edits that come without an id get one that is derived from their content. */
  readonly edits: readonly ImportedEdit[];
  /** Whether the export has edits in their stored form. Then each counts, whatever is stored here already. */
  readonly hasOwnEdits: boolean;
}

export interface ImportDeps extends EditingDeps {
  readonly conversations: EditingDeps['conversations'] & Pick<ConversationStore, 'prepare'>;
  readonly summaries: Pick<Summaries, 'refresh' | 'adopt'>;
}

export interface ImportOutcome {
  /** Id of the conversation that has its speech now; null if nothing of it is stored. */
  readonly conversationId: string | null;
  readonly newWords: number;
  /** Edits whose speech is not stored. */
  readonly refusedEdits: number;
}

/** Words of one transaction: about an hour of speech, far less than a transaction may write. */
const WORDS_AT_ONCE = 8000;

/**
 * A longer pause begins another transaction, milliseconds: each reads what is stored between its first word and its last, so what an
 * import costs follows from what is imported.
 */
const LONGEST_PAUSE_MS = 60_000;

/** Imports one conversation. Safe to repeat. */
export async function importConversation(
  uid: string,
  imported: ImportedConversation,
  deps: ImportDeps,
): Promise<ImportOutcome> {
  const { deviceId } = imported;
  const id = contentId(imported);
  let newWords = 0;
  for (const part of partsOf(imported, id)) newWords += await importWords(uid, deviceId, part, deps);
  const first = imported.segments.flatMap(({ words }) => words).sort((a, b) => a.startMs - b.startMs)[0];
  const find = (atMs: number) => conversationAt(uid, deviceId, atMs, deps);
  const there = first === undefined ? null : await find(first.startMs);
  if (there === null) return { conversationId: null, newWords, refusedEdits: 0 };
  // If its speech was stored before, edits that were made up from its content are not made again.
  const edits = imported.hasOwnEdits || newWords > 0 ? imported.edits : [];
  const refusedEdits = await importEdits({ uid, conversationId: there, edits, find, id }, deps);
  const conversationId = (await find(first?.startMs ?? 0)) ?? there;
  if (newWords > 0) await summarise(uid, conversationId, imported, deps);
  return { conversationId, newWords, refusedEdits };
}

interface Part {
  /** Id of the chunk that the words are stored under. */
  readonly id: string;
  readonly transcriber: string;
  readonly words: readonly RecordedWord[];
}

async function importWords(
  uid: string,
  deviceId: string,
  { id, transcriber, words }: Part,
  { db, conversations }: ImportDeps,
): Promise<number> {
  const source = { jobId: `${IMPORTED}${id}`, chunkId: `${IMPORTED}${id}`, transcriber };
  return finishingDeletions(conversations, () =>
    db.runTransaction(async (tx) => {
      const speech = await conversations.prepare(tx, { uid, deviceId, ...source, targetId: null, words });
      speech.write();
      return speech.words.length;
    }),
  );
}

async function conversationAt(
  uid: string,
  deviceId: string,
  atMs: number,
  { db }: Pick<ImportDeps, 'db'>,
): Promise<string | null> {
  const axis = new DeviceAxis(db, uid, deviceId);
  const near = await db.runTransaction((tx) => axis.neighbours(tx, atMs - 1, atMs + 1), { readOnly: true });
  return near[0]?.id ?? null;
}

/** Uses the exported title and overview if the import began the conversation, and derives the rest. */
async function summarise(
  uid: string,
  conversationId: string,
  { summary }: ImportedConversation,
  { db, summaries }: ImportDeps,
): Promise<void> {
  await summaries.refresh(uid, [conversationId], {});
  const conversation = (await conversationsOf(db, uid).doc(conversationId).get()).data();
  if (conversation === undefined || !isImported(conversation)) return;
  const { title, overview } = conversation;
  await summaries.adopt(uid, conversationId, {
    title: summary.title ?? title,
    overview: summary.overview ?? overview,
  });
}

/** Divides the words into pieces that are stored one by one. All words of a piece have the same transcriber. */
function partsOf(imported: ImportedConversation, id: string): Part[] {
  const transcribers = [...new Set(imported.segments.map(({ transcriber }) => transcriber))];
  return transcribers.flatMap((transcriber, index) => {
    const segments = imported.segments.filter((segment) => segment.transcriber === transcriber);
    const groups = groupsOf(recordedWords({ ...imported, segments }, id));
    return groups.map((words, part) => ({
      id: `${id}-${index}-${part}`,
      transcriber: transcriber ?? 'import',
      words,
    }));
  });
}

function groupsOf(words: readonly RecordedWord[]): RecordedWord[][] {
  const groups: RecordedWord[][] = [];
  for (const word of words) {
    const open = groups.at(-1);
    const last = open?.at(-1);
    const goesOn = last !== undefined && word.startMs - last.startMs <= LONGEST_PAUSE_MS;
    if (open !== undefined && goesOn && open.length < WORDS_AT_ONCE) open.push(word);
    else groups.push([word]);
  }
  return groups;
}

/** In order of time, in whole milliseconds. */
function recordedWords({ segments, deviceId }: ImportedConversation, id: string): RecordedWord[] {
  return segments
    .flatMap(({ words, speaker, language, confidence, recordingId, recordingStartedAtMs }) =>
      words.map((word) => ({
        text: word.text,
        startMs: Math.round(word.startMs),
        // A text without times of its words may claim hours for each word. No segment is that long.
        endMs: Math.round(Math.min(word.endMs, word.startMs + LONGEST_SEGMENT_MS)),
        confidence,
        language: word.language === undefined ? language : word.language,
        speaker: speaker === null || speaker >= FIRST_VOICE ? speaker : voiceNumber(id, speaker),
        recording: {
          recordingId: recordingId ?? `${IMPORTED}${hash([deviceId, id])}`,
          startedAtMs: recordingStartedAtMs ?? segments[0]?.words[0]?.startMs ?? word.startMs,
        },
      })),
    )
    .sort((a, b) => a.startMs - b.startMs);
}

function contentId({ deviceId, segments }: ImportedConversation): string {
  return hash([deviceId, segments.map(({ words }) => words.map(({ text, startMs }) => [text, startMs]))]);
}

function hash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 28);
}
