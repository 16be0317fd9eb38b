/** Numbers for speakers, as people read them. */
import type { SegmentDoc } from './conversation.ts';

/** Numbers of voices begin here. Smaller ones are labels within a chunk: segments of before voices had numbers have them. */
export const FIRST_VOICE = 1000;

/**
 * Numbers for speakers, from 1, in order of appearance in a transcript. The same person may get two numbers where nothing links
 * two pieces of audio; two people never share one.
 * @param segments of one conversation, in order of time ({@link segmentsIn}): those of all its pages up to the last one shown.
 * @returns a number for each segment; null where its speaker is not known.
 */
export function speakerNumbers(segments: readonly Pick<SegmentDoc, 'chunkId' | 'speaker'>[]): (number | null)[] {
  const numbers = new Map<string, number>();
  return segments.map(({ chunkId, speaker }) => {
    if (speaker === null) return null;
    const voice = speaker < FIRST_VOICE ? `${chunkId}/${speaker}` : String(speaker);
    const number = numbers.get(voice) ?? numbers.size + 1;
    numbers.set(voice, number);
    return number;
  });
}
