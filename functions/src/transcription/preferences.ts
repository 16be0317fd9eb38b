/** What a user wishes: `users/{uid}.preferences`, written by the app. */
import { isDeepStrictEqual } from 'node:util';
import type { Firestore } from 'firebase-admin/firestore';
import type { Preferences } from 'offline-audio-sync-contract';
import * as z from 'zod';
import type { Logger } from '../logger.ts';
import { check } from '../validation.ts';
import { isInMulti, knownLanguage } from './languages.ts';
import type { TranscriptionRequest } from './transcriber.ts';

/** The part of a request that is the user's to decide. */
export type SpeechSettings = Pick<TranscriptionRequest, 'language' | 'preferredLanguage' | 'keyterms' | 'languageHint'>;

const NO_PREFERENCES: Preferences = {
  language: null,
  singleLanguage: false,
  vocabulary: [],
  keepAudio: true,
  notify: true,
};

/** As the security rules have it. */
const MAX_VOCABULARY = 100;
const MAX_TERM_LENGTH = 100;

const languageSchema = z.string().transform(knownLanguage).pipe(z.string());
const termSchema = z.string().trim().min(1).max(MAX_TERM_LENGTH);

/**
 * Keeps what is usable: a bad value costs its user that preference, never a transcript.
 * @param value what stands in the user's document.
 * @returns `ignored` names what was dropped; never its contents.
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

/** What the operator has set. */
interface LanguageRules {
  /** Of users who prefer none. */
  readonly defaultLanguage: string;
  /** Whether `multi` is told which language is spoken mostly. */
  readonly hints?: boolean;
}

/**
 * What to ask for. A preferred language alone says what is spoken mostly: `multi` hears it, and the others that turn up,
 * unless it is one that `multi` does not surely know.
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
  /** Tells a user, by name, which preferences cannot be used: those that were told last are in `ignoredPreferences`. */
  readonly tell?: (uid: string, ignored: readonly string[]) => Promise<void>;
}

/** With such a default Deepgram would refuse every request of every user who prefers no language. */
function configuredLanguage({ defaultLanguage, logger }: PreferenceOptions): string {
  const known = knownLanguage(defaultLanguage.trim());
  if (known === null) logger.error('setting.unknown_language', { stage: 'configure' });
  return known ?? 'multi';
}

/** Writes them where the user's apps can read them. */
export function tellIgnored(db: Firestore): NonNullable<PreferenceOptions['tell']> {
  return async (uid, ignoredPreferences) => {
    await db.doc(`users/${uid}`).set({ ignoredPreferences }, { merge: true });
  };
}

/** What a worker goes by. */
export interface ReadPreferences {
  readonly speech: SpeechSettings;
  /** Whether the user wants audio to be kept, where the operator keeps it. */
  readonly keepsAudio: boolean;
}

export class PreferenceStore {
  readonly #db: Firestore;
  readonly #options: PreferenceOptions;

  /** @param options.defaultLanguage as it was set. One that Deepgram does not know counts as `multi`, with an error in the log. */
  constructor(db: Firestore, options: PreferenceOptions) {
    this.#db = db;
    this.#options = { ...options, defaultLanguage: configuredLanguage(options) };
  }

  /** One read. Values that cannot be used are ignored, with a warning, and told to the user. @param fields for the log. */
  async read(uid: string, fields: Readonly<Record<string, unknown>>): Promise<ReadPreferences> {
    const { logger, tell } = this.#options;
    const user = await this.#db.doc(`users/${uid}`).get();
    const { preferences, ignored } = parsePreferences(user.get('preferences'));
    if (ignored.length > 0) logger.warn('preferences.ignored', { stage: 'preferences', ...fields, ignored });
    const told: unknown = user.get('ignoredPreferences') ?? [];
    if (tell && !isDeepStrictEqual(told, ignored)) await tell(uid, ignored);
    return { speech: speechSettings(preferences, this.#options), keepsAudio: preferences.keepAudio };
  }
}
