/** Reading a transcript from its beginning. */
import type { CollectionReference, Firestore, QueryDocumentSnapshot } from 'firebase-admin/firestore';
import { segmentPagesOf, transcriptOf } from './collections.ts';
import { segmentsIn } from './conversation.ts';
import type { Conversation, Segment, SegmentPage } from './conversation.ts';
import { joinSegments } from './paragraphs.ts';
import { mostFrequent } from './segments.ts';
import type { TranscriptOpening } from './summariser.ts';

/** Roughly the characters of a page: one or two pages are read for a title, some more for an overview. */
const CHARACTERS_PER_PAGE = 500;
const MOST_AT_ONCE = 20;

/**
 * Reads a transcript until it has enough. Paragraphs, not segments: those depend on how the audio was cut into jobs.
 * @param maxCharacters at most this many are returned.
 */
export async function readOpening(
  pages: CollectionReference<SegmentPage>,
  conversation: Pick<Conversation, 'deviceId' | 'startedAt' | 'finishedAt'>,
  maxCharacters: number,
): Promise<TranscriptOpening> {
  const atOnce = Math.min(MOST_AT_ONCE, Math.ceil(maxCharacters / CHARACTERS_PER_PAGE));
  const query = transcriptOf(pages, conversation).limit(atOnce);
  const read: Segment[] = [];
  let characters = 0;
  let last: QueryDocumentSnapshot<SegmentPage> | undefined;
  do {
    const { docs } = await (last === undefined ? query : query.startAfter(last)).get();
    for (const segment of segmentsIn(docs.map((doc) => doc.data()))) {
      read.push(segment);
      characters += segment.text.length;
    }
    last = docs.length < atOnce ? undefined : docs.at(-1);
  } while (last !== undefined && characters < maxCharacters);
  return {
    text: joinSegments(read)
      .map(({ text }) => text)
      .join('\n')
      .slice(0, maxCharacters),
    language: mostFrequent(read.flatMap(({ words, language }) => words.map(() => language))),
  };
}

/** Pages of a conversation in one answer: two days of talk without a pause, and at most 10 MB of text. */
export const TRANSCRIPT_PAGES = 500;

/** The segments of a conversation, in order of time; those of the first {@link TRANSCRIPT_PAGES} pages if it has more. */
export async function readTranscript(
  db: Firestore,
  uid: string,
  conversation: Pick<Conversation, 'deviceId' | 'startedAt' | 'finishedAt'>,
): Promise<Segment[]> {
  const { docs } = await transcriptOf(segmentPagesOf(db, uid), conversation).limit(TRANSCRIPT_PAGES).get();
  return segmentsIn(docs.map((doc) => doc.data()));
}
