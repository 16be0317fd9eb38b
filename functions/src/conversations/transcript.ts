/** Reading a transcript from its beginning. */
import type { CollectionReference, QueryDocumentSnapshot } from 'firebase-admin/firestore';
import { transcriptOf } from './collections.ts';
import type { Conversation, Segment } from './conversation.ts';
import { mostFrequent, PAUSE_MS } from './segments.ts';
import type { TranscriptOpening } from './summariser.ts';
import { joinText } from './text.ts';

/** A page is about this many characters: one for a title, some for an overview. */
const CHARACTERS_PER_SEGMENT = 100;
const LARGEST_PAGE = 300;

/** Reads a transcript in pages until it has enough. @param maxCharacters about as much is read, and no more is returned. */
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
    text: linesOf(read).join('\n').slice(0, maxCharacters),
    language: mostFrequent(read.flatMap(({ words, language }) => words.map(() => language))),
  };
}

/**
 * What was said without a pause stands in one line, also where a long segment, or the end of a chunk, cuts it in two. Whoever
 * speaks in the next chunk is taken for the same person while there is no pause.
 * @param segments in order of time.
 */
export function linesOf(
  segments: readonly Pick<Segment, 'text' | 'startedAt' | 'endedAt' | 'chunkId' | 'speaker'>[],
): string[] {
  const lines: string[] = [];
  let previous: (typeof segments)[number] | undefined;
  for (const segment of segments) {
    const goesOn =
      previous !== undefined &&
      segment.startedAt.toMillis() - previous.endedAt.toMillis() < PAUSE_MS &&
      (segment.chunkId !== previous.chunkId || segment.speaker === previous.speaker);
    if (goesOn) lines.push(joinText([lines.pop() ?? '', segment.text]));
    else lines.push(segment.text);
    previous = segment;
  }
  return lines;
}
