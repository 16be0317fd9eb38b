/** Deepgram's text intelligence as a {@link Summariser}: https://developers.deepgram.com/docs/text-intelligence */
import * as z from 'zod';
import { extractiveSummariser, extractiveTitle } from '../conversations/summariser.ts';
import type { Summariser, Title, TranscriptOpening } from '../conversations/summariser.ts';
import { countWords } from '../conversations/text.ts';
import { clip } from '../conversations/title.ts';
import { createDeepgramRequester } from './deepgramRequest.ts';
import type { DeepgramOptions } from './deepgramRequest.ts';

/** Time limit of a summary, milliseconds: a title is not worth a longer wait. */
const TIMEOUT_MS = 20_000;

/**
 * How many characters of a transcript are sent: about 25,000 tokens, two hours of speech. Deepgram refuses more than 150,000
 * tokens.
 */
const MAX_CHARACTERS = 100_000;

/** Deepgram returns shorter texts as they are: https://developers.deepgram.com/docs/summarization */
const MIN_WORDS = 50;

/** The longest overview, characters: one paragraph. */
const MAX_OVERVIEW = 2000;

const MAX_TOPICS = 3;

/**
 * Characters that count as one second of speech in the daily budget, because they cost about the same. Every job that adds a word to a
 * long conversation has it summarised again, so without a budget little speech would buy many summaries.
 */
const CHARACTERS_A_SECOND = 500;

/** Summarises English. Other languages, and texts that are too short, get a title from their own words, which costs nothing. */
export function createDeepgramSummariser(options: DeepgramOptions): Summariser {
  const request = createDeepgramRequester({ timeoutMs: TIMEOUT_MS, ...options });

  return {
    maxCharacters: (language) => (isEnglish(language) ? MAX_CHARACTERS : extractiveSummariser.maxCharacters(language)),
    costSeconds: (opening) => (isSummedUp(opening) ? opening.text.length / CHARACTERS_A_SECOND : 0),
    async summarise(opening, signal) {
      if (!isSummedUp(opening)) return extractiveSummariser.summarise(opening, signal);
      const { summary, topics } = await request(
        async (client, requestOptions) => {
          // `/v1/read` documents a boolean where SDK 5.13 has a version; on the wire both are words.
          const query = { summarize: 'true', topics: true, language: 'en', tag: 'offline-audio-sync' };
          const body = await client.read.v1.text.analyze({ ...query, body: { text: opening.text } }, requestOptions);
          return parseReadResponse(body);
        },
        signal,
        { characters: opening.text.length },
      );
      return { title: titleOf(topics) ?? extractiveTitle(opening).title, overview: overviewOf(summary) };
    },
  };
}

function isSummedUp({ text, language }: TranscriptOpening): boolean {
  return isEnglish(language) && countWords(text, 'en') >= MIN_WORDS;
}

function isEnglish(language: TranscriptOpening['language']): boolean {
  return language?.split('-')[0]?.toLowerCase() === 'en';
}

export interface ReadTopic {
  readonly topic: string;
  /** 0 to 1. */
  readonly confidence: number;
}

const topicSchema = z.object({ topic: z.string(), confidence_score: z.number() });
const segmentsSchema = z.object({ segments: z.array(z.object({ topics: z.array(topicSchema) })) });
const summarySchema = z.object({ text: z.string() });

/** The documentation and the SDK's types disagree on the depth of these fields; both are accepted. */
const responseSchema = z.object({
  results: z.object({
    summary: z.union([summarySchema, z.object({ results: z.object({ summary: summarySchema }) })]),
    topics: z.union([segmentsSchema, z.object({ results: z.object({ topics: segmentsSchema }) })]).optional(),
  }),
});

/** @throws ZodError for a broken answer. Its message names paths and types, never contents. */
export function parseReadResponse(body: unknown): { summary: string; topics: readonly ReadTopic[] } {
  const { summary, topics } = responseSchema.parse(body).results;
  const segments = topics === undefined ? [] : 'segments' in topics ? topics.segments : topics.results.topics.segments;
  return {
    summary: 'text' in summary ? summary.text : summary.results.summary.text,
    topics: segments.flatMap((segment) =>
      segment.topics.map(({ topic, confidence_score }) => ({ topic, confidence: confidence_score })),
    ),
  };
}

/** The main topics of the conversation, as a title; null if none was found. */
function titleOf(topics: readonly ReadTopic[]): Title['title'] {
  const byName = new Map<string, { name: string; weight: number }>();
  for (const { topic, confidence } of topics) {
    const name = topic.trim();
    const known = byName.get(name.toLowerCase());
    if (known !== undefined) known.weight += confidence;
    else if (name !== '') byName.set(name.toLowerCase(), { name, weight: confidence });
  }
  const names = [...byName.values()].sort((a, b) => b.weight - a.weight).map(({ name }) => name);
  if (names.length === 0) return null;
  const title = names.slice(0, MAX_TOPICS).join(', ');
  return clip(title.charAt(0).toUpperCase() + title.slice(1), 'en');
}

function overviewOf(summary: string): Title['overview'] {
  const text = summary.replace(/\s+/g, ' ').trim();
  if (text.length <= MAX_OVERVIEW) return text === '' ? null : text;
  return clip(text, 'en', MAX_OVERVIEW);
}
