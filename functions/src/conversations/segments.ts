/** Groups words into segments, and segments into pages. */
import { joinText, LONGEST_PAGE_MS } from 'offline-audio-sync-contract';
import { placeKey } from './conversation.ts';
import type { RecordedWord, TimedSegment, TimedWord } from './conversation.ts';
import type { Interval } from './interval.ts';

/** A pause that ends a segment, milliseconds: Deepgram's default `utt_split`. */
export const PAUSE_MS = 800;

/** The times of a recogniser waver: two words that followed one another may overlap by so much, milliseconds. */
const WAVER_MS = 50;

/** From this length on, the end of a sentence ends a segment, milliseconds: about a short paragraph. */
export const LONG_MS = 15_000;

/** No segment of several words is longer, sentence end or not, milliseconds. */
export const LONGEST_SEGMENT_MS = 60_000;

/**
 * The largest page of several segments, and the largest segment of several words: twice what is said in five minutes. Imported text may
 * be of any density, but a document has at most 1 MiB, and readers of pages rely on their size.
 */
export const LARGEST_PAGE = { words: 2000, characters: 20_000 } as const;

/** Segments of one recording, in order of time. */
export type TimedPage = readonly [first: TimedSegment, ...more: TimedSegment[]];

/** Cuts segments into pages. */
export function pageSegments(segments: readonly TimedSegment[]): TimedPage[] {
  const pages: TimedPage[] = [];
  const open = new Map<string, { readonly page: [TimedSegment, ...TimedSegment[]]; readonly size: Size }>();
  for (const segment of segments.toSorted((a, b) => a.startMs - b.startMs)) {
    const key = placeKey(segment.recording);
    const last = open.get(key);
    const own: Size = { words: segment.words.length, characters: segment.text.length };
    if (last !== undefined && segment.endMs - last.page[0].startMs <= LONGEST_PAGE_MS && grow(last.size, own)) {
      last.page.push(segment);
    } else {
      const page: [TimedSegment, ...TimedSegment[]] = [segment];
      open.set(key, { page, size: own });
      pages.push(page);
    }
  }
  return pages;
}

interface Size {
  words: number;
  characters: number;
}

/** Adds a size to another if the sum is within {@link LARGEST_PAGE}. @returns whether it did. */
function grow(size: Size, by: Size): boolean {
  const [words, characters] = [size.words + by.words, size.characters + by.characters];
  if (words > LARGEST_PAGE.words || characters > LARGEST_PAGE.characters) return false;
  Object.assign(size, { words, characters });
  return true;
}

/**
 * Groups words, in order of time, into what one speaker said without a longer pause. Each recording has its own segments, because its
 * date may be corrected without those of its neighbours, and words of two recordings at one time are not one utterance.
 * @param cuts where conversations begin, Unix milliseconds: no segment crosses one.
 */
export function segmentWords(words: readonly RecordedWord[], cuts: readonly number[] = []): TimedSegment[] {
  const byRecording = new Map<string, RecordedWord[]>();
  for (const word of words) {
    const key = placeKey(word.recording);
    const group = byRecording.get(key);
    if (group === undefined) byRecording.set(key, [word]);
    else group.push(word);
  }
  return [...byRecording.values()]
    .flatMap((group) => segmentRecording(group, cuts))
    .sort((a, b) => a.startMs - b.startMs);
}

/** Divides a stored segment where cuts lie between its words. */
export function cutSegment(segment: TimedSegment, cuts: readonly number[]): TimedSegment[] {
  const pieces: RecordedWord[][] = [];
  for (const word of segment.words) {
    const recorded = { ...word, recording: segment.recording };
    const open = pieces.at(-1);
    const previous = open?.at(-1);
    if (open === undefined || previous === undefined || isBetween(cuts, previous, word)) pieces.push([recorded]);
    else open.push(recorded);
  }
  if (pieces.length < 2) return [segment];
  return pieces.flatMap((words) => (words[0] === undefined ? [] : joinWords(words[0], words)));
}

function isBetween(cuts: readonly number[], previous: TimedWord, next: TimedWord): boolean {
  return firstAfter(cuts, previous.startMs) <= next.startMs;
}

/** The first number that is larger than `than`; infinity if there is none. */
export function firstAfter(inOrder: readonly number[], than: number): number {
  let [from, to] = [0, inOrder.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((inOrder[middle] ?? Infinity) > than) to = middle;
    else from = middle + 1;
  }
  return inOrder[from] ?? Infinity;
}

/** A segment that may continue, and what others have said since its last word. */
interface OpenSegment {
  readonly words: [first: RecordedWord, ...more: RecordedWord[]];
  readonly size: Size;
  meanwhile: Interval | null;
}

/**
 * The channels of a call are recognised apart, so two speakers may have words at the same time. Each of them then keeps a segment of their
 * own: to change at every word would leave sentences in pieces of one word.
 */
function segmentRecording(words: readonly RecordedWord[], cuts: readonly number[]): TimedSegment[] {
  const segments: OpenSegment[] = [];
  const open = new Map<number | null, OpenSegment>();
  for (const word of words) {
    const own = open.get(word.speaker);
    const size: Size = { words: 1, characters: word.text.length };
    if (own !== undefined && !endsBefore(own, word, cuts) && grow(own.size, size)) {
      own.words.push(word);
      own.meanwhile = null;
    } else {
      const segment: OpenSegment = { words: [word], size, meanwhile: null };
      open.set(word.speaker, segment);
      segments.push(segment);
    }
    for (const [speaker, other] of open) {
      if (speaker === word.speaker) continue;
      if (isPause(other, word)) open.delete(speaker);
      else other.meanwhile = span(other.meanwhile, word);
    }
  }
  return segments.map((segment) => joinWords(segment.words[0], segment.words));
}

function span(said: Interval | null, { startMs, endMs }: Interval): Interval {
  return said === null ? { startMs, endMs } : { startMs: said.startMs, endMs: Math.max(said.endMs, endMs) };
}

function lastOf({ words }: OpenSegment): RecordedWord {
  return words.at(-1) ?? words[0];
}

function isPause(segment: OpenSegment, next: Interval): boolean {
  return next.startMs - lastOf(segment).endMs >= PAUSE_MS;
}

function endsBefore(segment: OpenSegment, next: TimedWord, cuts: readonly number[]): boolean {
  const { words, meanwhile } = segment;
  const [first] = words;
  const previous = lastOf(segment);
  // Another speaker took the turn: what they said lies between the two words.
  const isTurn =
    meanwhile !== null && meanwhile.startMs + WAVER_MS >= previous.endMs && meanwhile.endMs - WAVER_MS <= next.startMs;
  return (
    isTurn ||
    isBetween(cuts, previous, next) ||
    isPause(segment, next) ||
    (previous.endMs - first.startMs >= LONG_MS && endsSentence(previous.text)) ||
    next.endMs - first.startMs > LONGEST_SEGMENT_MS
  );
}

export function endsSentence(text: string): boolean {
  return /[.!?…。？！।]["')\]]*$/u.test(text);
}

function joinWords(first: RecordedWord, words: readonly RecordedWord[]): TimedSegment {
  return {
    recording: first.recording,
    text: joinText(words.map((word) => word.text)),
    startMs: first.startMs,
    endMs: Math.max(...words.map((word) => word.endMs)),
    confidence: words.reduce((sum, word) => sum + word.confidence, 0) / words.length,
    speaker: first.speaker,
    language: mostFrequent(words.map((word) => word.language)),
    words,
  };
}

/** The value that occurs most; the first of them on a tie. */
export function mostFrequent<T>(values: readonly T[]): T | null {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: { value: T; count: number } | null = null;
  for (const [value, count] of counts) if (best === null || count > best.count) best = { value, count };
  return best?.value ?? null;
}
