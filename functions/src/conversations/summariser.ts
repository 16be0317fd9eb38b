/** The interface of services that write title and overview of a transcript. */
import { extractTitle } from './title.ts';

/** The beginning of a transcript, in order of time. */
export interface TranscriptOpening {
  /** One line for each change of speaker. */
  readonly text: string;
  /** The language of most of it, BCP-47; null where unknown. */
  readonly language: string | null;
}

export interface Title {
  readonly title: string | null;
  readonly overview: string | null;
}

export interface Summariser {
  /** How many characters of a transcript in this language it uses. */
  maxCharacters(language: string | null): number;
  /** Seconds that a summary counts in the daily budget of speech; 0 if it costs nothing. */
  costSeconds(opening: TranscriptOpening): number;
  /** @throws AppError if the service failed; the signal's reason. */
  summarise(opening: TranscriptOpening, signal: AbortSignal): Promise<Title>;
}

/** Takes the title from the speakers' own words. Calls no service, costs nothing. */
export const extractiveSummariser: Summariser = {
  maxCharacters: () => 2000,
  costSeconds: () => 0,
  summarise: (opening) => Promise.resolve(extractiveTitle(opening)),
};

export function extractiveTitle({ text, language }: TranscriptOpening): Title {
  return { title: extractTitle(text, language), overview: null };
}
