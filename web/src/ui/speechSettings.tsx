/** The user's preferences for transcription: the spoken language, and words to listen for. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { userPath } from 'offline-audio-sync-contract';
import { languageName } from '../domain/locale.ts';
import { NO_WISHES, preferencesOf, type KnownPreferences, type WishedPreferences } from '../firebase/documents.ts';
import { liveDocument, savePreferences } from '../firebase/store.ts';
import { within } from '../within.ts';
import { useApp } from './app.ts';
import { Check } from './choices.tsx';
import { useLive, valueOf, type Loaded } from './live.ts';
import { Recogniser } from './recogniser.tsx';
import { Problem, Unreached } from './screen.tsx';
import { tell, tellProblem } from './toast.tsx';

/** The same limits as in firestore.rules. */
const MAX_TERMS = 100;
const MAX_CHARACTERS = 4000;
const LANGUAGE = /^(multi|[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3})$/;

/** How long to wait for the service, milliseconds. Without a network, the changes wait on this device. */
const SAVE_LIMIT_MS = 10_000;
const NOT_SAVED =
  'The service has not answered yet. What you saved is sent as soon as it does; stay signed in until then.';

/** Languages that can be recognised together, and some others. Any BCP-47 tag can be typed. */
const LANGUAGES = [
  'en',
  'es',
  'fr',
  'de',
  'hi',
  'ru',
  'pt',
  'ja',
  'it',
  'nl',
  'zh',
  'ko',
  'pl',
  'tr',
  'uk',
  'sv',
  'ar',
];

export function SpeechSettings() {
  const { uid } = useApp();
  const user = useLive(`preferences/${uid}`, () => liveDocument(userPath(uid), preferencesOf));
  return (
    <section class="card stack" aria-labelledby="speech">
      <h2 id="speech">Transcription</h2>
      <Recogniser />
      <Form known={valueOf(user) ?? { wished: NO_WISHES, ignored: [] }} obstacle={obstacleTo(user)} />
    </section>
  );
}

/** Why the preferences are not known. A user without a document has none, but only the service can say that there is no document. */
function obstacleTo(user: Loaded<KnownPreferences | null>): JSX.Element | null {
  if (user.kind === 'failed') return <Problem error={user.error} />;
  if (user.kind === 'loading' || (user.value === null && user.fromCache)) return <Unreached what="your settings" />;
  return null;
}

/** The preferences as the form's fields have them. */
interface Fields extends Omit<WishedPreferences, 'language' | 'vocabulary'> {
  readonly language: string;
  /** One term in each line. */
  readonly words: string;
}

interface FormProps {
  readonly known: KnownPreferences;
  /** Why nothing can be changed yet: saving would overwrite preferences that are not known here. */
  readonly obstacle: JSX.Element | null;
}

/**
 * The fields as they are shown, and what changes and saves them. Only the fields that were changed here and are not saved yet are kept.
 * Values that another device saves meanwhile are shown in the other fields and overwrite none of these.
 */
function useFields(wished: WishedPreferences) {
  const { uid } = useApp();
  const [changed, setChanged] = useState<Partial<Fields>>({});
  const saved = { ...wished, language: wished.language ?? '', words: wished.vocabulary.join('\n') };
  const fields: Fields = { ...saved, ...changed };
  const vocabulary = termsIn(fields.words);
  const change = (some: Partial<Fields>): void => {
    setChanged((before) => ({ ...before, ...some }));
  };
  const save = async (): Promise<void> => {
    const { language, singleLanguage, keepAudio, notify } = fields;
    const wishes = { language: language === '' ? null : language, singleLanguage, vocabulary, keepAudio, notify };
    await within(savePreferences(uid, wishes), SAVE_LIMIT_MS, NOT_SAVED);
    setChanged((now) => (now === changed ? {} : now));
    tell('Saved. It applies from the next recording on.');
  };
  return { fields, vocabulary, change, save };
}

/** The form is shown before the preferences are known, so that nothing on the screen moves when they arrive. */
function Form({ known: { wished, ignored }, obstacle }: FormProps) {
  const { fields, vocabulary, change, save } = useFields(wished);
  const [busy, setBusy] = useState(false);
  const problem = problemOf(fields.language, vocabulary);
  const box = (name: 'singleLanguage' | 'keepAudio' | 'notify', label: string): JSX.Element => (
    <Check
      checked={fields[name]}
      onChange={(on) => {
        change({ [name]: on });
      }}
    >
      {label}
    </Check>
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setBusy(true);
        save()
          .catch(tellProblem)
          .finally(() => {
            setBusy(false);
          });
      }}
    >
      <fieldset class="stack" disabled={obstacle !== null}>
        <LanguageField
          language={fields.language}
          onChange={(language) => {
            change({ language });
          }}
        />
        {box('singleLanguage', 'Only this language is spoken, which makes recognition more accurate')}
        <VocabularyField
          words={fields.words}
          count={vocabulary.length}
          onChange={(words) => {
            change({ words });
          }}
        />
        {box('keepAudio', 'Keep the audio of speech for playback, if this service keeps any')}
        {box('notify', 'Send my apps a push when recordings are transcribed')}
        {ignored.length > 0 && (
          <p class="notice bad">The service could not use: {ignored.join(', ')}. The rest is used.</p>
        )}
        {problem !== null && (
          <p class="reason" role="alert">
            {problem}
          </p>
        )}
        <div class="row end wrap">
          {obstacle}
          <button class="button" type="submit" aria-disabled={busy || obstacle !== null} disabled={problem !== null}>
            Save
          </button>
        </div>
      </fieldset>
    </form>
  );
}

interface LanguageFieldProps {
  readonly language: string;
  readonly onChange: (tag: string) => void;
}

function LanguageField({ language, onChange }: LanguageFieldProps) {
  return (
    <label class="field">
      <span>Mostly spoken</span>
      <input
        list="languages"
        placeholder="Any language"
        value={language}
        onInput={({ currentTarget }) => {
          onChange(currentTarget.value.trim());
        }}
      />
      <datalist id="languages">
        {LANGUAGES.map((tag) => (
          <option key={tag} value={tag}>
            {languageName(tag)}
          </option>
        ))}
      </datalist>
    </label>
  );
}

interface VocabularyFieldProps {
  /** One term in each line. */
  readonly words: string;
  readonly count: number;
  readonly onChange: (words: string) => void;
}

function VocabularyField({ words, count, onChange }: VocabularyFieldProps) {
  return (
    <>
      <label class="field">
        <span>Names and terms to listen for, one a line, the most important first</span>
        <textarea
          dir="auto"
          rows={5}
          value={words}
          onInput={({ currentTarget }) => {
            onChange(currentTarget.value);
          }}
        />
      </label>
      <p class="hint">
        {count} of {MAX_TERMS} terms. A request has room for about 500 parts of words, so only the first terms of a long
        list are used. The service's own recogniser does not use them.
      </p>
    </>
  );
}

/** The terms, one from each line, without repetitions. */
function termsIn(text: string): string[] {
  const terms = text.split('\n').map((line) => line.trim());
  return [...new Set(terms.filter((term) => term !== ''))];
}

function problemOf(language: string, vocabulary: readonly string[]): string | null {
  if (language !== '' && !LANGUAGE.test(language)) return 'This is not a language tag: write de, pt-BR, or nothing.';
  if (vocabulary.length > MAX_TERMS)
    return `These are ${vocabulary.length} terms, but at most ${MAX_TERMS} are possible.`;
  if (vocabulary.join(' ').length > MAX_CHARACTERS) return 'Together these terms are too long: leave some out.';
  return null;
}
