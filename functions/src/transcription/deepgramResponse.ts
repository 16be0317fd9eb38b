/** Validates and converts Deepgram's answer. Code after this can rely on it. */
import * as z from 'zod';
import { mostFrequent } from '../conversations/segments.ts';
import type { TranscribedWord, Transcription } from './transcriber.ts';

const seconds = z.number().nonnegative();

const wordSchema = z.object({
  word: z.string(),
  punctuated_word: z.string().optional(),
  start: seconds,
  end: seconds,
  confidence: z.number(),
  speaker: z.int().nonnegative().optional(),
  language: z.string().optional(),
});

const alternativeSchema = z
  .object({
    transcript: z.string(),
    words: z.array(wordSchema).optional(),
    languages: z.array(z.string()).optional(),
  })
  .refine(({ transcript, words }) => transcript.trim() === '' || (words ?? []).length > 0, {
    message: 'a transcript without words',
  });

const channelSchema = z.object({
  detected_language: z.string().optional(),
  // We ask for one alternative.
  alternatives: z.tuple([alternativeSchema], z.unknown()),
});

/**
 * The fields of a pre-recorded answer that are used (https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded).
 * Silence is an alternative with an empty transcript. An answer without `results`, channel or alternative is broken, and must not count
 * as silence.
 */
const responseSchema = z.object({
  metadata: z.object({ request_id: z.string(), duration: seconds }),
  results: z.object({
    channels: z.tuple([channelSchema], channelSchema),
  }),
});

/**
 * @param requestedLanguage the language of the request. Unless it is `multi`, it is the language of an answer that names none.
 * @throws ZodError for a broken answer. Its message names paths and types, never contents.
 */
export function parseDeepgramResponse(body: unknown, requestedLanguage: string): Omit<Transcription, 'transcriber'> {
  const { metadata, results } = responseSchema.parse(body);
  const { channels } = results;
  const transcribed = channels.map(
    ({ detected_language: detected, alternatives: [{ words = [], languages = [] }] }, channel) => {
      const language = languages[0] ?? detected ?? (requestedLanguage === 'multi' ? null : requestedLanguage);
      const speaker = channels.length > 1 ? channel : undefined;
      return {
        language,
        words,
        placed: words.map((word) => toWord({ ...word, speaker: speaker ?? word.speaker }, language)),
      };
    },
  );
  const language = transcribed.find(({ words }) => words.length > 0)?.language ?? transcribed[0]?.language ?? null;

  return {
    requestId: metadata.request_id,
    // https://developers.deepgram.com/docs/multichannel: each channel is billed for the whole duration.
    billedSeconds: metadata.duration * channels.length,
    language:
      language ?? mostFrequent(transcribed.flatMap(({ words }) => words.flatMap((word) => word.language ?? []))),
    words: transcribed.flatMap(({ placed }) => placed).sort((a, b) => a.startSeconds - b.startSeconds),
  };
}

function toWord(word: z.infer<typeof wordSchema>, language: string | null): TranscribedWord {
  return {
    text: word.punctuated_word ?? word.word,
    startSeconds: word.start,
    endSeconds: Math.max(word.start, word.end),
    confidence: Math.min(Math.max(word.confidence, 0), 1),
    speaker: word.speaker ?? null,
    language: word.language ?? language,
  };
}
