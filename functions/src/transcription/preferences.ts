/** Reads a user's preferences: `users/{uid}.preferences`, written by the app. */
import { isDeepStrictEqual } from 'node:util';
import type { Firestore } from 'firebase-admin/firestore';
import type { Preferences } from 'offline-audio-sync-contract';
import * as z from 'zod';
import type { Logger } from '../logger.ts';
import { check } from '../validation.ts';
import { isInMulti, knownLanguage } from './languages.ts';
import type { TranscriptionRequest } from './transcriber.ts';

/** The part of a request that the user's preferences decide. */
export type SpeechSettings = Pick<TranscriptionRequest, 'language' | 'preferredLanguage' | 'keyterms' | 'languageHint'>;

const NO_PREFERENCES: Preferences = {
  language: null,
  singleLanguage: false,
  vocabulary: [],
  keepAudio: true,
  notify: true,
};

/** The same limit as in the security rules. */
const MAX_VOCABULARY = 100;
const MAX_TERM_LENGTH = 100;

const languageSchema = z.string().transform(knownLanguage).pipe(z.string());
const termSchema = z.string().trim().min(1).max(MAX_TERM_LENGTH);

/**
 * Keeps valid values: a wrong value costs its user that preference, and never a transcript.
 * @param value from the user's document
 * @returns `ignored` has the names of dropped fields, and never their contents
 */
export function parsePreferences(value: unknown): { preferences: Preferences; ignored: readonly string[] } {
  if (value === undefined || value === null) return { preferences: NO_PREFERENCES, ignored: [] };
  const fields = z.record(z.string(), z.unknown()).safeParse(value).data;
  if (fields === undefined) return { preferences: NO_PREFERENCES, ignored: ['preferences'] };

  const ignored: string[] = [];
  const readOr = <T>(name: string, schema: z.ZodType<T>, fallback: T): T => {
    const given = fields[name];
    if (given === undefined || given === null) return fallback;
    const checked = check(schema, given);
    if (!checked.ok) ignored.push(name);
    return checked.ok ? checked.value : fallback;
  };
  const terms = readOr('vocabulary', z.array(z.unknown()), []);
  const vocabulary = terms.slice(0, MAX_VOCABULARY).flatMap((term) => {
    const checked = check(termSchema, term);
    return checked.ok ? checked.value : [];
  });
  if (vocabulary.length < terms.length) ignored.push('vocabulary');
  return {
    preferences: {
      language: readOr('language', languageSchema, null),
      singleLanguage: readOr('singleLanguage', z.boolean(), false),
      vocabulary,
      keepAudio: readOr('keepAudio', z.boolean(), true),
      notify: readOr('notify', z.boolean(), true),
    },
    ignored,
  };
}

/** The operator's settings. */
interface LanguageRules {
  /** The language of users without a preference. */
  readonly defaultLanguage: string;
  /** Whether a request with `multi` names the language that is mostly spoken. */
  readonly hints?: boolean;
}

/**
 * The language of a request. A preferred language alone means that it is mostly spoken: the request asks for `multi`, which recognises
 * other languages too, unless `multi` does not surely have the preferred one.
 */
export function speechSettings(preferences: Preferences, rules: LanguageRules | string): SpeechSettings {
  const { defaultLanguage, hints = false } = typeof rules === 'string' ? { defaultLanguage: rules } : rules;
  const { language, singleLanguage, vocabulary } = preferences;
  const preferred = language === null || singleLanguage || !isInMulti(language) ? language : 'multi';
  const isHint = hints && preferred === 'multi' && language !== null && language !== 'multi';
  return {
    language: preferred ?? defaultLanguage,
    preferredLanguage: language,
    keyterms: vocabulary,
    ...(isHint && { languageHint: language }),
  };
}

export interface PreferenceOptions extends LanguageRules {
  readonly logger: Logger;
  /** Tells the user's apps which preferences are ignored, by name, in `ignoredPreferences`. */
  readonly report?: (uid: string, ignored: readonly string[]) => Promise<void>;
}

/** Replaces an unknown default by `multi`: Deepgram would refuse every request of users without a preference. */
function configuredLanguage({ defaultLanguage, logger }: PreferenceOptions): string {
  const known = knownLanguage(defaultLanguage.trim());
  if (known === null) logger.error('setting.unknown_language', { stage: 'configure' });
  return known ?? 'multi';
}

/** Writes the names of ignored preferences to the user's document, where apps can read them. */
export function reportIgnored(db: Firestore): NonNullable<PreferenceOptions['report']> {
  return async (uid, ignoredPreferences) => {
    await db.doc(`users/${uid}`).set({ ignoredPreferences }, { merge: true });
  };
}

/** The preferences that a worker uses. */
export interface ReadPreferences {
  readonly speech: SpeechSettings;
  /** Whether the user allows audio to be kept, if the operator keeps it. */
  readonly keepsAudio: boolean;
}

export class PreferenceStore {
  readonly #db: Firestore;
  readonly #options: PreferenceOptions;

  /** @param options.defaultLanguage the setting. If Deepgram does not know the language, it counts as `multi`, and an error is logged. */
  constructor(db: Firestore, options: PreferenceOptions) {
    this.#db = db;
    this.#options = { ...options, defaultLanguage: configuredLanguage(options) };
  }

  /**
   * Reads a user's preferences, with one read. Invalid values are ignored, with a warning, and the user's apps are told.
   * @param fields for the log
   */
  async read(uid: string, fields: Readonly<Record<string, unknown>>): Promise<ReadPreferences> {
    const { logger, report } = this.#options;
    const user = await this.#db.doc(`users/${uid}`).get();
    const { preferences, ignored } = parsePreferences(user.get('preferences'));
    if (ignored.length > 0) logger.warn('preferences.ignored', { stage: 'preferences', ...fields, ignored });
    const reported: unknown = user.get('ignoredPreferences') ?? [];
    if (report && !isDeepStrictEqual(reported, ignored)) await report(uid, ignored);
    return { speech: speechSettings(preferences, this.#options), keepsAudio: preferences.keepAudio };
  }
}
