/** What a user wishes of transcription: `users/{uid}.preferences`, written by the app. */
import type { Firestore } from 'firebase-admin/firestore';
import * as z from 'zod';
import type { Logger } from '../logger.ts';
import { check } from '../validation.ts';
import { isInMulti, knownLanguage } from './languages.ts';
import type { TranscriptionRequest } from './transcriber.ts';

export interface Preferences {
  /** As nova-3 knows it, or `multi`; null where the user has no preference. */
  readonly language: string | null;
  /** Nothing but this language is spoken: its own model is the better one. */
  readonly singleLanguage: boolean;
  /** Names and terms to listen for, most important first. */
  readonly vocabulary: readonly string[];
}

/** The part of a request that is the user's to decide. */
export type SpeechSettings = Pick<TranscriptionRequest, 'language' | 'keyterms'>;

const NO_PREFERENCES: Preferences = { language: null, singleLanguage: false, vocabulary: [] };

/** As the security rules have it. */
const MAX_VOCABULARY = 100;
const MAX_TERM_LENGTH = 100;

const languageSchema = z.string().transform(knownLanguage).pipe(z.string());
const termSchema = z.string().trim().min(1).max(MAX_TERM_LENGTH);

/**
 * Takes what is usable: a bad value costs its user that preference, never a transcript.
 * @param value what stands in the user's document.
 * @returns `ignored` names what was not taken; never its contents.
 */
export function parsePreferences(value: unknown): { preferences: Preferences; ignored: readonly string[] } {
  if (value === undefined || value === null) return { preferences: NO_PREFERENCES, ignored: [] };
  const fields = z.record(z.string(), z.unknown()).safeParse(value).data;
  if (fields === undefined) return { preferences: NO_PREFERENCES, ignored: ['preferences'] };

  const ignored: string[] = [];
  const take = <T>(name: string, schema: z.ZodType<T>, fallback: T): T => {
    const given = fields[name];
    if (given === undefined || given === null) return fallback;
    const checked = check(schema, given);
    if (!checked.ok) ignored.push(name);
    return checked.ok ? checked.value : fallback;
  };
  const terms = take('vocabulary', z.array(z.unknown()), []);
  const vocabulary = terms.slice(0, MAX_VOCABULARY).flatMap((term) => {
    const checked = check(termSchema, term);
    return checked.ok ? checked.value : [];
  });
  if (vocabulary.length < terms.length) ignored.push('vocabulary');
  return {
    preferences: {
      language: take('language', languageSchema, null),
      singleLanguage: take('singleLanguage', z.boolean(), false),
      vocabulary,
    },
    ignored,
  };
}

/**
 * What to ask for. A preferred language alone says what is spoken mostly: `multi` hears it, and the others that turn up,
 * unless it is one that `multi` does not surely know.
 * @param defaultLanguage for users who prefer none.
 */
export function speechSettings(preferences: Preferences, defaultLanguage: string): SpeechSettings {
  const { language, singleLanguage, vocabulary } = preferences;
  const preferred = language === null || singleLanguage || !isInMulti(language) ? language : 'multi';
  return { language: preferred ?? defaultLanguage, keyterms: vocabulary };
}

interface DefaultLanguage {
  readonly defaultLanguage: string;
  readonly logger: Logger;
}

/** Deepgram would refuse every request of every user who prefers nothing, for good. */
function configuredLanguage({ defaultLanguage, logger }: DefaultLanguage): string {
  const known = knownLanguage(defaultLanguage.trim());
  if (known === null)
    logger.error('DEFAULT_LANGUAGE is no language that Deepgram knows; multi is asked for', { stage: 'configure' });
  return known ?? 'multi';
}

export class PreferenceStore {
  readonly #db: Firestore;
  readonly #defaultLanguage: string;
  readonly #logger: Logger;

  /** @param options.defaultLanguage as it was set. One that Deepgram does not know counts as `multi`, with an error in the log. */
  constructor(db: Firestore, options: DefaultLanguage) {
    this.#db = db;
    this.#defaultLanguage = configuredLanguage(options);
    this.#logger = options.logger;
  }

  /** One read. Values that cannot be used are ignored, with a warning. @param fields for the log. */
  async speechSettings(uid: string, fields: Readonly<Record<string, unknown>>): Promise<SpeechSettings> {
    const user = await this.#db.doc(`users/${uid}`).get();
    const { preferences, ignored } = parsePreferences(user.get('preferences'));
    if (ignored.length > 0) this.#logger.warn('Preferences ignored', { stage: 'preferences', ...fields, ignored });
    return speechSettings(preferences, this.#defaultLanguage);
  }
}
