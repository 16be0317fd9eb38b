/** The query of a Deepgram request. */
import { AppError } from '../errors.ts';
import { fittingKeyterms } from './keyterms.ts';
import type { TranscriptionRequest } from './transcriber.ts';

/** The operator's settings for every request. */
export interface DeepgramFeatures {
  /** `DEEPGRAM_MODEL` */
  readonly model: string;
  /** `DIARIZE`: tell speakers apart, which Deepgram may bill. */
  readonly diarize: boolean;
  /** `DEEPGRAM_OPTIONS`, a query string; see {@link parseDeepgramOptions}. */
  readonly options: string;
}

/** The defaults of the settings. */
export const DEFAULT_FEATURES: DeepgramFeatures = { model: 'nova-3', diarize: true, options: '' };

const FLAG = /^(true|false)$/;

/**
 * Options that may be set, and their values. All of them change the words. Options that only add to the answer are not allowed, because
 * nothing here reads it. https://developers.deepgram.com/reference/speech-to-text/listen-pre-recorded
 */
const OPTIONS: Readonly<Record<string, RegExp>> = {
  mip_opt_out: FLAG,
  redact: /^[a-z_]{1,40}$/,
  numerals: FLAG,
  profanity_filter: FLAG,
  filler_words: FLAG,
  measurements: FLAG,
  dictation: FLAG,
  replace: /^[^:]{1,100}:[^:]{0,100}$/,
  version: /^[\w.-]{1,60}$/,
};

/** Options that may be repeated. */
const REPEATABLE: ReadonlySet<string> = new Set(['redact', 'replace']);

/**
 * Parses options such as `mip_opt_out=true&redact=pci&redact=numbers`.
 * @throws AppError `transcription_not_configured` for anything else: a mistyped `redact` must not send what was to be redacted.
 */
export function parseDeepgramOptions(text: string): Readonly<Record<string, string | string[]>> {
  const parameters = new URLSearchParams(text.trim());
  const options: Record<string, string | string[]> = {};
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name);
    const pattern = Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
    if (pattern === undefined)
      throw badOptions(`It does not know ${name}: it takes ${Object.keys(OPTIONS).join(', ')}.`);
    if (!values.every((value) => pattern.test(value))) throw badOptions(`The value of ${name} is not allowed.`);
    if (values.length > 1 && !REPEATABLE.has(name)) throw badOptions(`${name} stands in it more than once.`);
    options[name] = REPEATABLE.has(name) ? values : (values[0] ?? '');
  }
  return options;
}

function badOptions(reason: string): AppError {
  return new AppError('transcription_not_configured', {
    message: `The setting DEEPGRAM_OPTIONS is wrong. ${reason} The audio is kept until the operator acts.`,
  });
}

/** @throws AppError `transcription_not_configured` if a setting is wrong. */
export function deepgramQuery(
  { language, keyterms }: Pick<TranscriptionRequest, 'language' | 'keyterms'>,
  { model, diarize, options }: DeepgramFeatures,
  channels: 1 | 2 = 1,
) {
  const keyterm = fittingKeyterms(keyterms);
  return {
    model,
    language,
    smart_format: true,
    punctuate: true,
    // Each of two channels has one speaker, so telling speakers apart within a channel would be paid for and not used.
    ...(channels === 2 ? { multichannel: true } : diarize ? { diarize_model: 'latest' } : {}),
    tag: 'offline-audio-sync',
    ...(keyterm.length > 0 ? { keyterm } : {}),
    ...parseDeepgramOptions(options),
  };
}
