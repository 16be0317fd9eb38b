/** The seam between a conversation's transcript and the service that writes its title and overview. */
import { extractTitle } from './title.ts';

/** What is read of a transcript: its beginning, in order of time. */
export interface TranscriptOpening {
  /** What different people said stands in lines of its own. */
  readonly text: string;
  /** The language of most of it, BCP-47; null where unknown. */
  readonly language: string | null;
}

export interface Title {
  readonly title: string | null;
  readonly overview: string | null;
}

export interface Summariser {
  /** How much of a transcript in this language it makes use of, characters. */
  maxCharacters(language: string | null): number;
  /** What summing it up counts for in the day's budget of speech, seconds; 0 where it costs nothing. */
  costSeconds(opening: TranscriptOpening): number;
  /** @throws AppError when the service behind it failed; whatever the signal's reason is. */
  summarise(opening: TranscriptOpening, signal: AbortSignal): Promise<Title>;
}

/** The speakers' own first words. Asks no service, costs nothing. */
export const extractiveSummariser: Summariser = {
  maxCharacters: () => 2000,
  costSeconds: () => 0,
  summarise: (opening) => Promise.resolve(extractiveTitle(opening)),
};

export function extractiveTitle({ text, language }: TranscriptOpening): Title {
  return { title: extractTitle(text, language), overview: null };
}
