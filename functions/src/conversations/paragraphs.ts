/**
 * Reading a transcript. Where one segment ends and the next begins depends on how the audio was cut into jobs: an utterance
 * that went through the end of a job is two pieces. A reader wants paragraphs, and those depend on the words alone. Pure.
 */
import { joinText } from 'offline-audio-sync-contract';
import { spokenWords } from './conversation.ts';
import type { Segment } from './conversation.ts';
import { endsSentence, LONG_MS, PAUSE_MS } from './segments.ts';

/** What one speaker said in one go, for a reader. */
export interface Paragraph {
  /** Unix milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  /** Whose voice; one voice may have two numbers in two chunks. */
  readonly chunkId: string;
  readonly speaker: number | null;
}

type SpokenWord = ReturnType<typeof spokenWords>[number];

/**
 * Joins the segments of a transcript into paragraphs. A paragraph ends at a pause of 0.8 s, where the speaker changes within
 * a chunk, and after a sentence once it is long. The cut between two chunks ends none: it is ours, not the speaker's.
 * @param segments of one device, in any order. Of a page in the middle of a transcript, the first and last paragraph may go on.
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
