/** Maps between times of a conversation (Unix milliseconds) and positions in its kept audio (milliseconds). */
import { audioOffset, instantOf, type KeptSpan } from 'offline-audio-sync-contract';
import type { Sentence } from '../data/model.ts';

/** Message for the user if audio cannot be loaded. */
export const NOT_LOADED = 'The audio could not be loaded. Check your connection, and play it again.';

export type PlayedSentence = Pick<
  Sentence,
  'id' | 'startedAt' | 'endedAt' | 'recordingId' | 'recordingStartedAt' | 'chunkId' | 'words' | 'text'
>;

/** The position in the chunk's audio at which a sentence begins; null if it is not kept. */
export function placeOfSentence(spans: readonly KeptSpan[], sentence: PlayedSentence): number | null {
  const recordingStartedAt = instantOf(sentence.recordingStartedAt);
  return audioOffset({ spans }, { recordingId: sentence.recordingId, recordingStartedAt }, sentence.startedAt);
}

/** The sentence and word at a position in the audio. */
export interface Sounding {
  readonly sentence: PlayedSentence;
  /** Index of the word that sounds, or sounded last; -1 before the first. */
  readonly word: number;
}

/**
 * The sentence at a position in the audio; null in a pause.
 * @param sentences the sentences of the chunk
 */
export function soundingAt(
  spans: readonly KeptSpan[],
  sentences: readonly PlayedSentence[],
  audioMs: number,
): Sounding | null {
  const span = spans.find((one) => audioMs >= one.audioMs && audioMs < one.audioMs + one.durationMs);
  if (span === undefined) return null;
  const inRecording = span.fromMs + (audioMs - span.audioMs);
  const sentence = sentences.findLast(({ recordingId, recordingStartedAt, startedAt, endedAt }) => {
    const at = recordingStartedAt + inRecording;
    return recordingId === span.recordingId && at >= startedAt && at < endedAt;
  });
  if (sentence === undefined) return null;
  const at = sentence.recordingStartedAt + inRecording - sentence.startedAt;
  return { sentence, word: sentence.words.findLastIndex(({ fromMs }) => fromMs <= at) };
}

/** The position at which the next sentence begins; null if none follows in this audio. */
export function nextPlace(
  spans: readonly KeptSpan[],
  sentences: readonly PlayedSentence[],
  audioMs: number,
): number | null {
  const places = sentences.flatMap((sentence) => placeOfSentence(spans, sentence) ?? []);
  const later = places.filter((place) => place > audioMs);
  return later.length === 0 ? null : later.reduce((least, place) => Math.min(least, place));
}

/** The range of each word in the text, in UTF-16 offsets. A word that is not found gets an empty range where the previous one ends. */
export function wordRanges(
  text: string,
  words: readonly { readonly text: string }[],
): { start: number; end: number }[] {
  let from = 0;
  return words.map((word) => {
    const start = text.indexOf(word.text, from);
    if (start === -1) return { start: from, end: from };
    from = start + word.text.length;
    return { start, end: from };
  });
}
