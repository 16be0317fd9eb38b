/**
 * Conversations that were taken along come in, here or in another project: as speech of their device, in the same way as speech of a
 * chunk. So what is there already is not there twice, what its user deleted stays deleted, and importing again adds nothing.
 */
import { createHash } from 'node:crypto';
import { FIRST_VOICE, IMPORTED } from 'offline-audio-sync-contract';
import type { Interval } from './interval.ts';
import { DeviceAxis, finishingDeletions } from './axis.ts';
import type { RecordedWord } from './conversation.ts';
import { editConversation } from './editing.ts';
import type { Correction, EditingDeps } from './editing.ts';
import type { ConversationStore } from './store.ts';
import { voiceNumber } from './voices.ts';

export interface ImportedWord extends Interval {
  readonly text: string;
}

export interface ImportedSegment {
  readonly words: readonly ImportedWord[];
  readonly speaker: number | null;
  readonly language: string | null;
  /** 0 to 1. */
  readonly confidence: number;
  /** By content, where the export has it. */
  readonly recordingId: string | null;
  readonly recordingStartedAtMs: number | null;
}

export interface ImportedConversation {
  readonly deviceId: string;
  readonly title: string | null;
  readonly starred: boolean;
  readonly tags: readonly string[];
  readonly segments: readonly ImportedSegment[];
}

export interface ImportDeps extends EditingDeps {
  readonly conversations: EditingDeps['conversations'] & Pick<ConversationStore, 'prepare'>;
}

export interface ImportOutcome {
  /** Where it is now; null where nothing of it is stored. */
  readonly conversationId: string | null;
  readonly newWords: number;
}

/** Words of one transaction: about an hour of speech, far below what one may carry. */
const WORDS_AT_ONCE = 8000;

/** Imports one conversation. Safe to repeat. */
export async function importConversation(
  uid: string,
  imported: ImportedConversation,
  deps: ImportDeps,
): Promise<ImportOutcome> {
  const id = contentId(imported);
  const words = recordedWords(imported, id);
  let newWords = 0;
  for (let from = 0; from < words.length; from += WORDS_AT_ONCE) {
    const part = words.slice(from, from + WORDS_AT_ONCE);
    newWords += await importWords(uid, imported.deviceId, `${id}-${from}`, part, deps);
  }
  const first = words[0];
  const conversationId = first === undefined ? null : await conversationAt(uid, imported.deviceId, first, deps);
  // What was there before has its own corrections.
  if (conversationId !== null && newWords > 0) await writeCorrections(uid, conversationId, id, imported, deps);
  return { conversationId, newWords };
}

async function importWords(
  uid: string,
  deviceId: string,
  id: string,
  words: readonly RecordedWord[],
  { db, conversations }: ImportDeps,
): Promise<number> {
  const source = { jobId: `${IMPORTED}${id}`, chunkId: `${IMPORTED}${id}`, transcriber: 'import' };
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
  { startMs }: Interval,
  { db }: ImportDeps,
): Promise<string | null> {
  const axis = new DeviceAxis(db, uid, deviceId);
  const near = await db.runTransaction((tx) => axis.neighbours(tx, startMs - 1, startMs + 1), { readOnly: true });
  return near[0]?.id ?? null;
}

/** Title, star and tags, as edits of ids that follow from the content: so a repeated import makes them once. */
async function writeCorrections(
  uid: string,
  conversationId: string,
  id: string,
  { title, starred, tags }: ImportedConversation,
  deps: ImportDeps,
): Promise<void> {
  const corrections: Correction[] = [
    ...(title === null ? [] : [{ kind: 'title', title } as const]),
    ...(starred ? [{ kind: 'star', starred } as const] : []),
    ...tags.map((tag) => ({ kind: 'tag', tag, tagged: true }) as const),
  ];
  for (const [i, correction] of corrections.entries()) {
    await editConversation({ uid, conversationId, editId: `${IMPORTED}${id}-${i}`, correction }, deps);
  }
}

/** In order of time, in whole milliseconds. */
function recordedWords({ segments, deviceId }: ImportedConversation, id: string): RecordedWord[] {
  return segments
    .flatMap(({ words, speaker, language, confidence, recordingId, recordingStartedAtMs }) =>
      words.map((word) => ({
        text: word.text,
        startMs: Math.round(word.startMs),
        endMs: Math.round(word.endMs),
        confidence,
        language,
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
