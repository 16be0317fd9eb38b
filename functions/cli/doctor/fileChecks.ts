/** Checks of the files alone. */
import { DEFAULT_REGION } from 'offline-audio-sync-contract';
import { planMerge } from '../mergeRules/command.ts';
import { MergeError } from '../mergeRules/rulesText.ts';
import { note, RIGHT, wrong } from './check.ts';
import type { FileCheck, Verdict } from './check.ts';
import type { ProjectFiles } from './projectFiles.ts';

/** What a setting may be where it is one of a few words. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  TRANSCRIBER: ['auto', 'deepgram', 'local', 'openai'],
  LOCAL_MODEL: ['tiny', 'base'],
  SUMMARIES: ['extractive', 'deepgram', 'off'],
  DECODER: ['auto', 'sandbox', 'ffmpeg'],
  SIGN_UP: ['open', 'verified', 'domains', 'claim', 'closed'],
};

const REGION = /^[a-z]+-[a-z]+\d+$/;

export const FILE_CHECKS: readonly FileCheck[] = [
  {
    name: 'The functions are in firebase.json',
    of: 'files',
    run: ({ installation }) =>
      installation === null
        ? [
            wrong(
              'No codebase of firebase.json has this package.',
              'npx firebase functions:kits:install --package offline-audio-sync',
            ),
          ]
        : [RIGHT],
  },
  { name: 'Settings', of: 'files', run: checkSettings },
  { name: 'Rules, indexes and TTL policies are merged', of: 'files', run: checkRules },
  { name: 'Who may sign up', of: 'files', run: checkSignUp },
];

function checkSettings({ written, settings, own, installation, project }: ProjectFiles): Verdict[] {
  const file = `${installation?.settingsFolder ?? 'functions'}/.env.${project ?? 'YOUR-PROJECT'}`;
  const known = new Set([...own.settings.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name));
  const unknown = Object.keys(written).filter((name) => !known.has(name));
  const odd = Object.entries(WORDS).filter(([name, words]) => !words.includes(settings[name] ?? ''));
  const region = settings['FUNCTION_DEFAULT_REGION'] ?? '';
  const numbers = Object.keys(written).filter(
    (name) => isNumber(own.settings, name) && !/^\d+$/.test(written[name]?.trim() ?? ''),
  );
  const verdicts = [
    ...odd.map(([name, words]) =>
      wrong(`${name} is "${settings[name] ?? ''}".`, `In ${file}, write one of ${words.join(', ')}.`),
    ),
    ...numbers.map((name) =>
      wrong(`${name} is "${written[name] ?? ''}", which is no whole number.`, `In ${file}, write a whole number.`),
    ),
    ...(REGION.test(region)
      ? []
      : [
          wrong(
            `FUNCTION_DEFAULT_REGION is "${region}".`,
            `In ${file}, write a region, for example ${DEFAULT_REGION}.`,
          ),
        ]),
    ...unknown.map((name) =>
      note(`No setting is called ${name}.`, `Correct or remove it in ${file}; a variable of your own may stay.`),
    ),
  ];
  return verdicts.length === 0 ? [RIGHT] : verdicts;
}

const isNumber = (settings: string, name: string): boolean => new RegExp(`^${name}=\\d+$`, 'm').test(settings);

function checkRules({ folder, own }: ProjectFiles): Verdict[] {
  try {
    const { changes, warnings } = planMerge(folder, own);
    const files = changes.map(({ file }) => file).join(', ');
    return [
      changes.length === 0
        ? RIGHT
        : wrong(`These lack a part of this package: ${files}.`, 'npx offline-audio-sync merge-rules --write'),
      ...warnings.map((warning) => note(warning, 'Look at your rules.')),
    ];
  } catch (error) {
    if (!(error instanceof MergeError)) throw error;
    return [wrong(error.message, 'npx offline-audio-sync merge-rules')];
  }
}

function checkSignUp({ settings }: ProjectFiles): Verdict[] {
  const domains = (settings['SIGN_UP_DOMAINS'] ?? '').trim();
  if (settings['SIGN_UP'] === 'domains' && domains === '')
    return [
      wrong(
        'SIGN_UP is domains, and SIGN_UP_DOMAINS names none: nobody is admitted.',
        'Write SIGN_UP_DOMAINS=example.com into your settings.',
      ),
    ];
  if (settings['SIGN_UP'] === 'open')
    return [
      note(
        'Everybody who can create an account can upload, within the limits of a user and of the project.',
        'If that is not meant, set SIGN_UP: docs/security.md.',
      ),
    ];
  return [RIGHT];
}
