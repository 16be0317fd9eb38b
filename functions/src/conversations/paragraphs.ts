/**
 * Joins segments into paragraphs. The edges of segments depend on how the audio was cut into jobs: an utterance that crosses the end of
 * a job becomes two segments. Paragraphs depend on the words alone. Pure.
 */
import { joinText } from 'offline-audio-sync-contract';
import { spokenWords } from './conversation.ts';
import type { Segment } from './conversation.ts';
import { endsSentence, LONG_MS, PAUSE_MS } from './segments.ts';

/** What one speaker said without a pause, for a reader. */
export interface Paragraph {
  /** Unix milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  /** The chunk of its first segment: one voice may have two numbers in two chunks. */
  readonly chunkId: string;
  readonly speaker: number | null;
}

type SpokenWord = ReturnType<typeof spokenWords>[number];

/**
 * Joins the segments of a transcript into paragraphs. A paragraph ends at a pause of 0.8 s, where the speaker changes within a chunk,
 * and after a sentence once it is long. The edge of a chunk ends no paragraph, because the speaker did not make it.
 * @param segments of one device, in any order. If they are from the middle of a transcript, the first and the last paragraph may be
 * incomplete.
 */
export function joinSegments(segments: readonly Segment[]): Paragraph[] {
  const words = segments
    .flatMap(spokenWords)
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs || (a.text < b.text ? -1 : 1));
  const paragraphs: SpokenWord[][] = [];
  for (const word of words) {
    const open = paragraphs.at(-1);
    if (open === undefined || endsBefore(open, word)) paragraphs.push([word]);
    else open.push(word);
  }
  return paragraphs.flatMap(toParagraph);
}

function endsBefore(open: readonly SpokenWord[], next: SpokenWord): boolean {
  const first = open[0];
  const previous = open.at(-1);
  if (first === undefined || previous === undefined) return false;
  return (
    next.startMs - previous.endMs >= PAUSE_MS ||
    (next.chunkId === previous.chunkId && next.speaker !== previous.speaker) ||
    (previous.endMs - first.startMs >= LONG_MS && endsSentence(previous.text))
  );
}

function toParagraph(words: readonly SpokenWord[]): Paragraph[] {
  const first = words[0];
  if (first === undefined) return [];
  const { startMs, chunkId, speaker } = first;
  const endMs = words.reduce((end, word) => Math.max(end, word.endMs), startMs);
  return [{ startMs, endMs, text: joinText(words.map(({ text }) => text)), chunkId, speaker }];
}
