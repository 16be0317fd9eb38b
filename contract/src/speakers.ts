/** Numbers for speakers, as people read them. */
import type { SegmentDoc } from './conversation.ts';

/** Numbers of voices begin here. Smaller numbers are labels within a chunk, in segments from before voices had numbers. */
export const FIRST_VOICE = 1000;

/**
 * Numbers for speakers, from 1, in order of appearance in a transcript. If nothing links two pieces of audio, the same person may get
 * two numbers; two people never share one.
 * @param segments of one conversation, in order of time ({@link segmentsIn}): those of all its pages up to the last one shown.
 * @returns a number for each segment; null if its speaker is not known.
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
