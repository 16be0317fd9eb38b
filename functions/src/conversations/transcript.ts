/** Reading a transcript from its beginning. */
import type { CollectionReference, QueryDocumentSnapshot } from 'firebase-admin/firestore';
import { transcriptOf } from './collections.ts';
import type { Conversation, Segment } from './conversation.ts';
import { joinSegments } from './paragraphs.ts';
import { mostFrequent } from './segments.ts';
import type { TranscriptOpening } from './summariser.ts';

/** A page is about this many characters: one for a title, some for an overview. */
const CHARACTERS_PER_SEGMENT = 100;
const LARGEST_PAGE = 300;

/**
 * Reads a transcript in pages until it has enough. Paragraphs, not segments: those depend on how the audio was cut into jobs.
 * @param maxCharacters about as much is read, and no more is returned.
 */
export async function readOpening(
  segments: CollectionReference<Segment>,
  conversation: Pick<Conversation, 'deviceId' | 'startedAt' | 'finishedAt'>,
  maxCharacters: number,
): Promise<TranscriptOpening> {
  const pageSize = Math.min(LARGEST_PAGE, Math.ceil(maxCharacters / CHARACTERS_PER_SEGMENT));
  const query = transcriptOf(segments, conversation).limit(pageSize);
  const read: Segment[] = [];
  let characters = 0;
  let last: QueryDocumentSnapshot<Segment> | undefined;
  do {
    const { docs } = await (last === undefined ? query : query.startAfter(last)).get();
    for (const doc of docs) {
      read.push(doc.data());
      characters += doc.data().text.length;
    }
    last = docs.length < pageSize ? undefined : docs.at(-1);
  } while (last !== undefined && characters < maxCharacters);
  return {
    text: joinSegments(read)
      .map(({ text }) => text)
      .join('\n')
      .slice(0, maxCharacters),
    language: mostFrequent(read.flatMap(({ words, language }) => words.map(() => language))),
  };
}
