/**
 * `npm run changeset:version`: makes the next version, which the changesets decide. Their texts become a section of
 * CHANGELOG.md, and the version is written to all other places. The release workflow runs it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../paths.ts';
import { bodyOf, withSection, withVersion } from './texts.ts';

const npm = (args: readonly string[], cwd = ROOT): void => {
  execFileSync('npm', args, { cwd, stdio: 'inherit' });
};

const edit = (file: string, change: (text: string) => string): void => {
  const at = path.join(ROOT, file);
  writeFileSync(at, change(readFileSync(at, 'utf8')));
};

const directory = path.join(ROOT, '.changeset');
const changesets = readdirSync(directory).filter((name) => name.endsWith('.md') && name !== 'README.md');
const changes = changesets.sort().map((name) => bodyOf(readFileSync(path.join(directory, name), 'utf8')));
if (changes.length === 0) {
  console.log('There is no changeset, so there is no new version.');
} else {
  npm(['exec', '--', 'changeset', 'version']);
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'client/package.json'), 'utf8')) as { version: string };
  const today = new Date().toISOString().slice(0, 10);
  edit('CHANGELOG.md', (text) => withSection(text, `${version} (${today})`, changes));
  for (const file of ['package.json', 'functions/package.json', 'docs/openapi.yaml']) {
    edit(file, (text) => withVersion(text, version));
  }
  for (const cwd of [ROOT, path.join(ROOT, 'functions')])
    npm(['install', '--package-lock-only', '--ignore-scripts'], cwd);
}
