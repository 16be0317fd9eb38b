import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { LICENCES_FILE, licences } from '../../licences/list.ts';
import { ROOT } from '../../paths.ts';
import { codeBlocks, DOCUMENTS } from './blocks.ts';
import { runRecorded } from './shell.ts';
import type { Call } from './shell.ts';
import { KIT } from '../../kit/names.ts';

/** Languages of blocks, and who checks them. */
const CHECKED_BY: Readonly<Record<string, string>> = {
  sh: 'here',
  json: 'here',
  ts: 'types.test.ts',
  tsx: 'types.test.ts',
  mermaid: 'a picture',
  text: 'prose',
};

/** The variables that a document leaves to its reader to set. */
const READERS_VARIABLES = { ID_TOKEN: 'token', HOME: '/tmp' };

const blocks = codeBlocks();
const calls = new Map<string, Call[]>();

/** A call as one would type it. */
const typed = ({ program, args }: Call): string =>
  [program, ...args.map((arg) => (/^[\w./:=@-]+$/.test(arg) ? arg : JSON.stringify(arg)))].join(' ');

function callsOf(program: string): { at: string; call: Call }[] {
  return [...calls].flatMap(([at, all]) =>
    all.filter((call) => call.program === program).map((call) => ({ at, call })),
  );
}

describe('the documents', () => {
  it('have blocks only of kinds that are checked', () => {
    for (const { at, language } of blocks) assert.ok(language in CHECKED_BY, `${at}: "${language}"`);
  });

  it('have valid JSON in their blocks of JSON', () => {
    for (const { at, language, text } of blocks) {
      if (language === 'json') assert.doesNotThrow(() => JSON.parse(text) as unknown, at);
    }
  });

  it('list the licences of everything that is deployed', () => {
    assert.equal(readFileSync(LICENCES_FILE, 'utf8'), licences(), 'npm run licences');
  });

  it('link to files and headings that exist', () => {
    for (const document of DOCUMENTS) {
      const text = readFileSync(path.join(ROOT, document), 'utf8').replaceAll(/^```[^]*?^```/gm, '');
      for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^(https?|mailto):/.test(target)) continue;
        const [file = '', heading] = target.split('#');
        const linked = file === '' ? path.join(ROOT, document) : path.join(ROOT, path.dirname(document), file);
        assert.ok(existsSync(linked), `${document}: ${target}`);
        if (heading !== undefined) assert.ok(headingsOf(linked).has(heading), `${document}: ${target}`);
      }
    }
  });
});

describe('the commands in the documents', () => {
  before(() => {
    for (const { at, language, text } of blocks) {
      if (language !== 'sh') continue;
      try {
        calls.set(at, runRecorded(text, READERS_VARIABLES));
      } catch (error) {
        throw new Error(`The shell fails at ${at}`, { cause: error });
      }
    }
    assert.ok(calls.size > 0);
  });

  it('call npm scripts that exist', () => {
    const npm = callsOf('npm');
    assert.ok(npm.length > 0);
    for (const { at, call } of npm) {
      const [directory, args] =
        call.args[0] === '--prefix' ? [call.args[1] ?? '', call.args.slice(2)] : ['', call.args];
      const name = args[0] === 'run' ? args[1] : args[0];
      if (name === 'ci' || name === 'install' || name === 'pack') continue;
      const { scripts } = JSON.parse(readFileSync(path.join(ROOT, directory, 'package.json'), 'utf8')) as {
        scripts: Record<string, string>;
      };
      assert.ok(name !== undefined && name in scripts, `${at}: ${typed(call)}`);
    }
  });

  it('select by --grep tests that exist', () => {
    const tests = globSync('functions/test/**/*.test.ts', { cwd: ROOT }).map((file) =>
      readFileSync(path.join(ROOT, file), 'utf8'),
    );
    const greps = callsOf('npm').filter(({ call }) => call.args.includes('--grep'));
    assert.ok(greps.length > 0);
    for (const { at, call } of greps) {
      const titles = call.args[call.args.indexOf('--grep') + 1]?.split('|') ?? [];
      for (const title of titles) {
        assert.ok(
          tests.some((text) => text.includes(title)),
          `${at}: ${title}`,
        );
      }
    }
  });

  it('call programs of npm that are installed, and commands that Firebase’s CLI has', () => {
    const client = createRequire(import.meta.url)('firebase-tools') as Record<string, unknown>;
    const toolOfKit = readFileSync(path.join(ROOT, 'functions/cli/main.ts'), 'utf8');
    for (const { at, call } of callsOf('npx')) {
      const [program = '', command = ''] = call.args[0] === '--prefix' ? call.args.slice(2) : call.args;
      if (program === KIT) {
        assert.match(toolOfKit, new RegExp(`command === '${command}'`), `${at}: ${typed(call)}`);
        continue;
      }
      assert.ok(existsSync(path.join(ROOT, 'node_modules/.bin', program)), `${at}: ${typed(call)}`);
      if (program === 'firebase') assert.ok(hasCommand(client, command), `${at}: ${typed(call)}`);
    }
  });

  // Contributors need no gcloud; CI has it.
  if (spawnSync('gcloud', ['--version']).status === 0) {
    it('call gcloud with commands and options that it has', async function () {
      const gcloud = new Map(callsOf('gcloud').map(({ at, call }) => [typed(call), at]));
      assert.ok(gcloud.size > 0);
      const [ofWrong, ...objections] = await gcloudObjections(['gcloud logging read --fomat=x', ...gcloud.keys()]);
      assert.match(ofWrong ?? '', /--fomat/);
      for (const [i, [line, at]] of [...gcloud].entries()) assert.equal(objections[i], null, `${at}: ${line}`);
    });
  }
});

/** GitHub's anchors. */
function headingsOf(file: string): Set<string> {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** `functions:secrets:set` is `client.functions.secrets.set`. */
function hasCommand(client: Record<string, unknown>, command: string): boolean {
  let at: unknown = client;
  for (const part of command.split(':')) {
    if ((typeof at !== 'object' && typeof at !== 'function') || at === null) return false;
    at = (at as Record<string, unknown>)[part];
  }
  return typeof at === 'function';
}

const lintsSchema = z.array(z.object({ error_message: z.string().nullable() }));

/** The objection of gcloud's own checker to each command line; null for none. It sends nothing anywhere. */
async function gcloudObjections(lines: readonly string[]): Promise<(string | null)[]> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'docs-gcloud-'));
  try {
    const file = path.join(directory, 'commands.json');
    await writeFile(file, JSON.stringify(lines.map((line) => ({ command_string: line }))));
    const lint = promisify(execFile)('gcloud', ['meta', 'lint-gcloud-commands', `--commands-file=${file}`], {
      env: { ...process.env, CLOUDSDK_CONFIG: directory, CLOUDSDK_CORE_DISABLE_PROMPTS: '1' },
      maxBuffer: 64 * 1024 * 1024,
    });
    lint.child.stdin?.end(); // gcloud would wait for its input
    const objections = lintsSchema.parse(JSON.parse((await lint).stdout));
    assert.equal(objections.length, lines.length);
    return objections.map(({ error_message: message }) => message);
  } finally {
    await rm(directory, { recursive: true });
  }
}
