import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Firestore } from 'firebase-admin/firestore';
import { knownLanguage } from '../../../src/transcription/languages.ts';
import { parsePreferences, PreferenceStore, speechSettings } from '../../../src/transcription/preferences.ts';
import { recordingLogger } from '../../support/logger.ts';

const NONE = { language: null, singleLanguage: false, vocabulary: [], keepAudio: true, notify: true };

describe('preferences', () => {
  it('are empty if nothing is written', () => {
    for (const value of [undefined, null, {}]) {
      assert.deepEqual(parsePreferences(value), { preferences: NONE, ignored: [] });
    }
  });

  it('are used as they are written', () => {
    const wishes = { keepAudio: false, notify: false };
    const written = { language: 'de', singleLanguage: true, vocabulary: ['Omi', 'Zürich HB'], ...wishes };
    assert.deepEqual(parsePreferences(written), { preferences: written, ignored: [] });
  });

  it('lose what cannot be used, and only that', () => {
    const written = { language: 5, singleLanguage: true, vocabulary: ['Omi', 7, '', 'x'.repeat(101), ' Ada '] };
    assert.deepEqual(parsePreferences(written), {
      preferences: { ...NONE, singleLanguage: true, vocabulary: ['Omi', 'Ada'] },
      ignored: ['vocabulary', 'language'],
    });
  });

  it('may have as many terms as the security rules allow', () => {
    const { preferences, ignored } = parsePreferences({
      vocabulary: Array.from({ length: 101 }, (_, i) => `term ${i}`),
    });
    assert.equal(preferences.vocabulary.length, 100);
    assert.deepEqual(ignored, ['vocabulary']);
  });

  it('of any shape give a language that Deepgram knows, or none, and terms', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (language, singleLanguage, vocabulary) => {
        for (const value of [language, { language, singleLanguage, vocabulary }]) {
          const { preferences } = parsePreferences(value);
          assert.ok(preferences.language === null || knownLanguage(preferences.language) === preferences.language);
          assert.equal(typeof preferences.singleLanguage, 'boolean');
          assert.ok(preferences.vocabulary.every((term) => term.length > 0 && term.length <= 100));
        }
      }),
    );
  });

  describe('say which language to ask for:', () => {
    const cases: readonly [language: string | null, singleLanguage: boolean, asked: string][] = [
      [null, false, 'DEFAULT'],
      [null, true, 'DEFAULT'],
      ['multi', false, 'multi'],
      ['multi', true, 'multi'],
      ['de', false, 'multi'],
      ['de', true, 'de'],
      ['pt-BR', false, 'multi'],
      ['pt-BR', true, 'pt-BR'],
      ['sv', false, 'sv'], // not surely in multi
      ['sv', true, 'sv'],
    ];
    for (const [language, singleLanguage, asked] of cases) {
      it(`${language ?? 'none'}, ${singleLanguage ? 'only' : 'mostly'}: ${asked}`, () => {
        assert.equal(speechSettings({ ...NONE, language, singleLanguage }, 'DEFAULT').language, asked);
      });
    }
  });

  describe('know a language by its tag:', () => {
    const cases: Readonly<Record<string, string | null>> = {
      en: 'en',
      'en-GB': 'en-GB',
      'EN-gb': 'en-GB',
      'en-ZA': 'en',
      'zh-Hant-TW': 'zh-Hant',
      'de-CH-1996': 'de-CH',
      iw: 'he', // its old code
      multi: 'multi',
      tlh: null, // Klingon
      '': null,
      'not a tag': null,
      en_US: 'en-US',
      pt_BR: 'pt-BR',
      'de_DE.UTF-8': 'de',
      'nb-NO': 'no',
      'en-US,en;q=0.8': 'en-US',
      nn: 'no',
      'no-bok': 'no',
      'fil-PH': 'tl',
      yue: 'zh-HK',
      'zh-yue': 'zh-HK',
      'zh-yue-HK': 'zh-HK',
      'zh-cmn-Hans-CN': 'zh-Hans',
      'ar-arz': 'ar',
      'ms-zsm': 'ms',
      'zh-min-nan': null,
      'en-GB-oed': 'en-GB',
      'in-ID': 'id',
      'es-US': 'es-419',
      'x-private': null,
      'en-x-private': 'en',
      'zh-Hant-HK': 'zh-HK',
      'zh-Hant-MO': 'zh-HK',
      'zh-Hans-SG': 'zh-Hans',
      'zh-TW': 'zh-TW',
      'cmn-CN': 'zh-CN',
      'es-MX': 'es-419',
      'es-ES': 'es',
      deu: 'de',
      arz: 'ar',
      'en-US-u-ca-buddhist': 'en-US',
      MULTI: 'multi',
      POSIX: null,
      mul: 'multi',
      und: null,
      zh_Hans_CN: 'zh-Hans',
      'zh_TW_#Hant': 'zh-Hant', // Android
      ja_JP_JP: 'ja',
      no_NO_NY: 'no',
      'en-GB-oxendict': 'en-GB',
      'sr-Latn': 'sr',
      'i-klingon': null,
    };
    for (const [tag, language] of Object.entries(cases)) {
      it(`“${tag}” is ${language ?? 'none'}`, () => {
        assert.equal(knownLanguage(tag), language);
      });
    }
  });

  describe('in the store', () => {
    const storeOf = (document: Record<string, unknown>, defaultLanguage = 'multi') => {
      const logger = recordingLogger();
      const doc = (path: string) => {
        assert.equal(path, 'users/ann');
        return { get: () => Promise.resolve({ get: (field: string) => document[field] }) };
      };
      const db = { doc } as unknown as Firestore;
      return { logger, store: new PreferenceStore(db, { defaultLanguage, logger }) };
    };

    it('become what a request asks for', async () => {
      const { store, logger } = storeOf({ preferences: { language: 'fi', vocabulary: ['Ilmarinen'] } });
      assert.deepEqual((await store.read('ann', { jobId: 'job' })).speech, {
        language: 'fi',
        preferredLanguage: 'fi',
        keyterms: ['Ilmarinen'],
      });
      assert.deepEqual(logger.entries, []);
    });

    it('are the default for a user who has none', async () => {
      assert.deepEqual((await storeOf({}).store.read('ann', { jobId: 'job' })).speech, {
        language: 'multi',
        preferredLanguage: null,
        keyterms: [],
      });
    });

    it('have a default that Deepgram knows, whatever the operator wrote', async () => {
      for (const [written, asked] of [
        ['fi', 'fi'],
        ['EN-gb', 'en-GB'],
        [' multi ', 'multi'],
      ] as const) {
        const { store, logger } = storeOf({}, written);
        assert.equal((await store.read('ann', {})).speech.language, asked);
        assert.deepEqual(logger.entries, []);
      }
      for (const written of ['english', 'en US', '']) {
        const { store, logger } = storeOf({}, written);
        for (const uid of ['ann', 'ann']) assert.equal((await store.read(uid, {})).speech.language, 'multi');
        assert.deepEqual(
          logger.entries.map(({ level, fields }) => [level, fields]),
          [['error', { stage: 'configure' }]],
          'told once',
        );
      }
    });

    it('tell the user once what is ignored, and once that nothing is ignored any more', async () => {
      const document: Record<string, unknown> = { preferences: { language: 'tlh' } };
      const told: (readonly string[])[] = [];
      const db = { doc: () => ({ get: () => Promise.resolve({ get: (field: string) => document[field] }) }) };
      const store = new PreferenceStore(db as unknown as Firestore, {
        defaultLanguage: 'multi',
        logger: recordingLogger(),
        report: (_uid, ignored) => {
          document['ignoredPreferences'] = ignored;
          told.push(ignored);
          return Promise.resolve();
        },
      });
      (await store.read('ann', {})).speech;
      (await store.read('ann', {})).speech;
      document['preferences'] = { language: 'nb-NO' };
      (await store.read('ann', {})).speech;
      (await store.read('ann', {})).speech;
      assert.deepEqual(told, [['language'], []]);
    });

    it('name the language that is mostly spoken as a hint if multi is requested', async () => {
      for (const [preferences, expected] of [
        [{ language: 'pt_BR' }, { language: 'multi', languageHint: 'pt-BR', keyterms: [] }],
        [
          { language: 'pt_BR', singleLanguage: true },
          { language: 'pt-BR', keyterms: [] },
        ],
        [{ language: 'nb-NO' }, { language: 'no', keyterms: [] }],
        [{ language: 'multi' }, { language: 'multi', keyterms: [] }],
        [{}, { language: 'multi', keyterms: [] }],
      ] as const) {
        const db = {
          doc: () => ({
            get: () => Promise.resolve({ get: (field: string) => ({ preferences })[field as 'preferences'] }),
          }),
        };
        const options = { defaultLanguage: 'multi', hints: true, logger: recordingLogger() };
        const store = new PreferenceStore(db as unknown as Firestore, options);
        const { preferredLanguage, ...settings } = (await store.read('ann', {})).speech;
        assert.deepEqual(settings, expected);
        assert.equal(preferredLanguage, 'language' in preferences ? knownLanguage(preferences.language) : null);
      }
    });

    it('warn of what is ignored by name, never by content', async () => {
      const { store, logger } = storeOf({ preferences: { language: 'secret language', singleLanguage: 'secret' } });
      assert.deepEqual((await store.read('ann', { jobId: 'job' })).speech, {
        language: 'multi',
        preferredLanguage: null,
        keyterms: [],
      });
      assert.deepEqual(logger.entries, [
        {
          level: 'warn',
          event: 'preferences.ignored',
          fields: { stage: 'preferences', jobId: 'job', ignored: ['language', 'singleLanguage'] },
        },
      ]);
    });
  });
});
