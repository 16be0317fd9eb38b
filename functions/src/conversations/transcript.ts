/** Reading a transcript: the segments of a conversation's device in its interval. */
import type { CollectionReference, QueryDocumentSnapshot } from 'firebase-admin/firestore';
import type { Conversation, Segment } from './conversation.ts';
import { mostFrequent } from './segments.ts';
import type { TranscriptOpening } from './summariser.ts';

/** A page is about this many characters: one for a title, some for an overview. */
const CHARACTERS_PER_SEGMENT = 100;
const LARGEST_PAGE = 300;

/** Reads a transcript from its beginning, in pages, until it has enough. @param maxCharacters about as much is read. */
export async function readOpening(
  segments: CollectionReference<Segment>,
  { deviceId, startedAt, finishedAt }: Pick<Conversation, 'deviceId' | 'startedAt' | 'finishedAt'>,
  maxCharacters: number,
): Promise<TranscriptOpening> {
  const pageSize = Math.min(LARGEST_PAGE, Math.ceil(maxCharacters / CHARACTERS_PER_SEGMENT));
  const query = segments
    .where('deviceId', '==', deviceId)
    .where('startedAt', '>=', startedAt)
    .where('startedAt', '<=', finishedAt)
    .orderBy('startedAt')
    .limit(pageSize);
  const lines: string[] = [];
  const languages: (string | null)[] = [];
  let characters = 0;
  let last: QueryDocumentSnapshot<Segment> | undefined;
  do {
    const { docs } = await (last === undefined ? query : query.startAfter(last)).get();
    for (const doc of docs) {
      const { text, language } = doc.data();
      lines.push(text);
      languages.push(language);
      characters += text.length;
    }
    last = docs.length < pageSize ? undefined : docs.at(-1);
  } while (last !== undefined && characters < maxCharacters);
  return { text: lines.join('\n').slice(0, maxCharacters), language: mostFrequent(languages) };
}
