/** Lists the licences of everything that is deployed, as npm knows them. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import * as z from 'zod';
import { ROOT } from '../paths.ts';

export const LICENCES_FILE = path.join(ROOT, 'docs/LICENSES.md');

/** The places that list dependencies, and which of these reach users. */
const DEPLOYED = [
  { directory: 'functions', query: '.prod' },
  { directory: '.', query: '#offline-audio-sync-client .prod, #offline-audio-sync-console .prod' },
] as const;

const packagesSchema = z.array(
  z.object({
    name: z.string(),
    version: z.string(),
    license: z.string().optional(),
  }),
);

/** Packages older than npm's licence field. Their LICENSE files state the licence. */
const BY_THEIR_FILES: Readonly<Record<string, string>> = {
  'async 0.2.10': 'MIT',
  'busboy 1.6.0': 'MIT',
  'limiter 1.1.5': 'MIT',
  'parse-cache-control 1.0.1': 'BSD-3-Clause',
  'streamsearch 1.1.0': 'MIT',
};

/** Markdown. @throws Error when a package says nothing about its licence. */
export function licences(): string {
  const byLicence = new Map<string, Set<string>>();
  for (const [licence, what] of DEPLOYED.flatMap(licencesOf)) {
    byLicence.set(licence, (byLicence.get(licence) ?? new Set()).add(what));
  }
  const groups = [...byLicence].sort(([a], [b]) => a.localeCompare(b, 'en'));
  return [
    '# Licences of what is deployed',
    '',
    'Made by `npm run licences` from the lockfiles; a test holds it against them.',
    '',
    'Two things are no packages. The model in `functions/models` is Silero VAD v6, under the MIT licence. ffmpeg, where `ffmpeg-static`',
    'brings it, is a GPL-3.0 program that is called, not linked.',
    ...groups.flatMap(([licence, packages]) => ['', `## ${licence}`, '', `${[...packages].sort().join(', ')}.`]),
    '',
  ].join('\n');
}

function licencesOf({ directory, query }: (typeof DEPLOYED)[number]): [licence: string, what: string][] {
  // The lockfile is queried, not this machine's packages: an optional package may be missing.
  const found = execFileSync('npm', ['query', query, '--package-lock-only'], {
    cwd: path.join(ROOT, directory),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return packagesSchema
    .parse(JSON.parse(found))
    .filter(({ name }) => !name.startsWith('offline-audio-sync'))
    .map(({ name, version, license }) => {
      const what = `${name} ${version}`;
      const licence = license ?? BY_THEIR_FILES[what];
      if (licence === undefined) throw new Error(`${what} names no licence: find out, and say so here.`);
      return [licence, what];
    });
}
