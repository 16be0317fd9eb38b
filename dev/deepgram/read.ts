/**
 * `POST /v1/read`, Deepgram's text intelligence (https://developers.deepgram.com/docs/text-intelligence), by simple means: the summary
 * is the text's own first sentences, the topics are its most frequent longer words.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { readBody, sendJson } from './httpJson.ts';
import { isAuthorised } from './listen.ts';
import type { ReadEntry } from './protocol.ts';
import { QueryError } from './query.ts';
import type { RequestLog } from './requestLog.ts';
import { errorResponse } from './response.ts';

const SUMMARY_SENTENCES = 3;
/** Shorter texts come back as they are, as they do from the service. */
const MIN_SUMMARY_WORDS = 50;
/** The service refuses more tokens than this; a token is at most a word's length, so words never overestimate. */
const MAX_TOKENS = 150_000;
const SEGMENT_WORDS = 100;
const TOPICS_PER_SEGMENT = 2;
const MIN_TOPIC_LETTERS = 6;
/** A made-up confidence. */
const MODEL_ID = '3c3d1f1e-0000-4000-8000-0000000000e1';

interface ReadOptions {
  readonly summarize: boolean;
  readonly topics: boolean;
}

export async function read(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  log: RequestLog,
): Promise<void> {
  const requestId = randomUUID();
  const body = await readBody(request);
  const query = Object.fromEntries([...url.searchParams.keys()].map((name) => [name, url.searchParams.getAll(name)]));
  const answer = (status: number, content: object, more: Pick<ReadEntry, 'words' | 'problem'>): void => {
    log.addRead({ requestId, query, status, ...more });
    sendJson(response, status, content, { 'dg-request-id': requestId });
  };
  if (!isAuthorised(request)) {
    answer(401, errorResponse(401, requestId), { words: 0, problem: 'no valid key' });
    return;
  }
  try {
    const options = parseReadQuery(url.searchParams);
    const { text } = bodySchema.parse(JSON.parse(body.toString()));
    const words = text.split(/\s+/).filter((word) => word !== '');
    if (words.length > MAX_TOKENS) throw new QueryError(`Token limit exceeded: at most ${MAX_TOKENS}.`);
    answer(200, readResponse(requestId, text, words, options), { words: words.length, problem: null });
  } catch (error) {
    if (!(error instanceof QueryError || error instanceof z.ZodError || error instanceof SyntaxError)) throw error;
    const problem = error instanceof QueryError ? error.message : 'The body is no JSON object with a text.';
    answer(400, errorResponse(400, requestId, 'INVALID_QUERY_PARAMETER', problem), { words: 0, problem });
  }
}

/** The stand-in fetches no URLs. */
const bodySchema = z.strictObject({ text: z.string().trim().min(1) });

const PARAMETERS = new Set(['language', 'summarize', 'tag', 'topics']);

/** Stricter than the service, which ignores what it does not know. @throws QueryError */
function parseReadQuery(query: URLSearchParams): ReadOptions {
  for (const name of query.keys()) {
    if (!PARAMETERS.has(name)) throw new QueryError(`No such parameter, or none that is simulated: ${name}.`);
  }
  const flag = (name: string): boolean => {
    const value = query.get(name) ?? 'false';
    if (value !== 'true' && value !== 'false') throw new QueryError(`\`${name}\` must be true or false.`);
    return value === 'true';
  };
  const language = query.get('language');
  if (language === null) throw new QueryError('Text intelligence needs the parameter `language`.');
  if (!/^en(-[A-Za-z]{2,4})?$/.test(language)) throw new QueryError(`Text intelligence does not know ${language}.`);
  const options = { summarize: flag('summarize'), topics: flag('topics') };
  if (!options.summarize && !options.topics) throw new QueryError('No feature was asked for.');
  return options;
}

function readResponse(requestId: string, text: string, words: readonly string[], options: ReadOptions): object {
  const info = { model_uuid: MODEL_ID, input_tokens: words.length, output_tokens: 0 };
  return {
    metadata: {
      request_id: requestId,
      created: new Date().toISOString(),
      language: 'en',
      ...(options.summarize && { summary_info: info }),
      ...(options.topics && { topics_info: info }),
    },
    results: {
      ...(options.summarize && { summary: { text: firstSentences(text, words.length) } }),
      ...(options.topics && { topics: { segments: topicSegments(words) } }),
    },
  };
}

function firstSentences(text: string, words: number): string {
  if (words < MIN_SUMMARY_WORDS) return text;
  const sentences = [...new Intl.Segmenter('en', { granularity: 'sentence' }).segment(text)];
  return sentences
    .slice(0, SUMMARY_SENTENCES)
    .map(({ segment }) => segment.trim())
    .join(' ');
}

function topicSegments(words: readonly string[]): object[] {
  const segments: object[] = [];
  for (let start = 0; start < words.length; start += SEGMENT_WORDS) {
    const part = words.slice(start, start + SEGMENT_WORDS);
    const topics = frequentWords(part).map((topic) => ({ topic, confidence_score: 0.5 }));
    segments.push({ text: part.join(' '), start_word: start, end_word: start + part.length - 1, topics });
  }
  return segments;
}

/** Longer words that are there more than once, the most frequent first. */
function frequentWords(words: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const word of words) {
    const bare = word.toLowerCase().replace(/[^\p{L}]/gu, '');
    if (bare.length >= MIN_TOPIC_LETTERS) counts.set(bare, (counts.get(bare) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count > 1)
    .sort(([, a], [, b]) => b - a)
    .slice(0, TOPICS_PER_SEGMENT)
    .map(([word]) => word.charAt(0).toUpperCase() + word.slice(1));
}
