/** Deepgram's answers, as documented: developers.deepgram.com/reference/speech-to-text/listen-pre-recorded and …/docs/errors. */
import { randomUUID } from 'node:crypto';
import type { HeardWord } from './hearing.ts';
import type { ListenOptions } from './query.ts';

export interface Heard {
  readonly requestId: string;
  readonly sha256: string;
  readonly seconds: number;
  /** The words of each channel that was transcribed separately; without `multichannel` there is one. */
  readonly channels: readonly (readonly HeardWord[])[];
}

interface WireWord {
  readonly word: string;
  readonly start: number;
  readonly end: number;
  readonly confidence: number;
  readonly language?: string;
  readonly punctuated_word?: string;
  readonly speaker?: number;
  readonly speaker_confidence?: number;
}

/** Made up, as the service's own are. */
const MODEL_ID = '3c3d1f1e-0000-4000-8000-0000000000a3';
const DIARIZER_ID = '3c3d1f1e-0000-4000-8000-0000000000d1';

export function listenResponse(heard: Heard, options: ListenOptions): object {
  const channels = heard.channels.map((words) => ({ words: wireWords(words, options), languages: languagesOf(words) }));
  return {
    metadata: metadata(heard, options),
    results: {
      channels: channels.map(({ words, languages }) => ({
        alternatives: [
          {
            transcript: transcriptOf(words),
            confidence: meanConfidence(words),
            words,
            ...(options.language === 'multi' && { languages }),
          },
        ],
        ...(options.detectLanguage && { detected_language: languages[0] ?? 'en', language_confidence: 0.99 }),
      })),
      ...(options.utterances && {
        utterances: channels.flatMap(({ words }, channel) => utterances(words, channel, options)),
      }),
    },
  };
}

function languagesOf(words: readonly HeardWord[]): string[] {
  return [...new Set(words.flatMap(({ language }) => language ?? []))];
}

/** Codes of the service for statuses that it is documented, or known, to answer. */
const ERRORS: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: ['Bad Request', 'Bad Request: failed to process audio: corrupt or unsupported data'],
  401: ['INVALID_AUTH', 'Invalid credentials.'],
  402: [
    'ASR_PAYMENT_REQUIRED',
    'Project does not have enough credits for an ASR request and does not have an overage agreement.',
  ],
  403: ['INSUFFICIENT_PERMISSIONS', 'Project does not have access to the requested model.'],
  404: ['NOT_FOUND', 'There is nothing here.'],
  413: ['PAYLOAD_TOO_LARGE', 'The request is larger than 2 GB.'],
  429: ['TOO_MANY_REQUESTS', 'Too many requests. Please try again later.'],
  503: ['SERVICE_UNAVAILABLE', 'The service is temporarily unavailable.'],
  504: ['GATEWAY_TIMEOUT', 'The request took longer than 10 minutes.'],
};

export function errorResponse(status: number, requestId: string, code?: string, message?: string): object {
  const [defaultCode, defaultMessage] = ERRORS[status] ?? ['ERROR', 'The request failed.'];
  return { err_code: code ?? defaultCode, err_msg: message ?? defaultMessage, request_id: requestId };
}

function metadata({ requestId, sha256, seconds, channels }: Heard, { model, diarize, tags }: ListenOptions): object {
  return {
    transaction_key: 'deprecated',
    request_id: requestId,
    sha256,
    created: new Date().toISOString(),
    duration: round(seconds),
    channels: channels.length,
    models: [MODEL_ID],
    model_info: {
      [MODEL_ID]: { name: `${model}-stand-in`, version: '2025-01-01.0', arch: model.split('-').slice(0, 2).join('-') },
    },
    ...(diarize && { diarize_info: { model_uuid: DIARIZER_ID, arch: 'v2' } }),
    ...(tags.length > 0 && { tags }),
  };
}

function wireWords(words: readonly HeardWord[], { language, punctuate, diarize }: ListenOptions): WireWord[] {
  const speakers = new Map<string | null, number>();
  return words.map((word) => {
    if (!speakers.has(word.speaker)) speakers.set(word.speaker, speakers.size);
    return {
      word: bare(word.text),
      start: round(word.startMs / 1000),
      end: round(word.endMs / 1000),
      confidence: word.confidence,
      ...(language === 'multi' && word.language !== null && { language: word.language }),
      ...(punctuate && { punctuated_word: word.text }),
      ...(diarize && { speaker: speakers.get(word.speaker) ?? 0, speaker_confidence: 0.9 }),
    };
  });
}

/** An utterance ends at a pause, and when another person speaks. */
function utterances(words: readonly WireWord[], channel: number, { utteranceSplit }: ListenOptions): object[] {
  const groups: WireWord[][] = [];
  for (const word of words) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (
      group !== undefined &&
      last !== undefined &&
      word.start - last.end < utteranceSplit &&
      word.speaker === last.speaker
    ) {
      group.push(word);
    } else groups.push([word]);
  }
  return groups.map((group) => ({
    start: group[0]?.start,
    end: group.at(-1)?.end,
    confidence: meanConfidence(group),
    channel,
    transcript: transcriptOf(group),
    words: group,
    ...(group[0]?.speaker !== undefined && { speaker: group[0].speaker }),
    id: randomUUID(),
  }));
}

function transcriptOf(words: readonly WireWord[]): string {
  return words.map((word) => word.punctuated_word ?? word.word).join(' ');
}

function meanConfidence(words: readonly WireWord[]): number {
  if (words.length === 0) return 0;
  return round(words.reduce((sum, { confidence }) => sum + confidence, 0) / words.length);
}

/** Lower case, without the punctuation around it. */
function bare(text: string): string {
  return text.toLowerCase().replace(/^[^\p{L}\p{N}[]+|[^\p{L}\p{N}\]]+$/gu, '');
}

/** Seven digits after the point, as the service writes its times. */
function round(value: number): number {
  return Math.round(value * 1e7) / 1e7;
}
