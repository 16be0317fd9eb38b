/**
 * The browser that tests use: the headless Chromium from npm, which is the same everywhere and needs a quarter of the processor
 * time of a desktop's. On systems for which npm has none, it is the machine's Chromium or Chrome.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from './paths.ts';
import { findBrowser } from './setup/browsers.mjs';
import { SYSTEM } from './setup/machine.mjs';
import { CHROMIUM_FROM_NPM } from './setup/plan.mjs';

export interface LocalBrowser {
  readonly executablePath: string;
  /** Environment variables that it needs in addition. */
  readonly env: Readonly<Record<string, string>>;
}

/** @throws Error if neither npm nor the machine has one. */
export function localBrowser(): LocalBrowser {
  const named = process.env['CHROME_PATH'];
  if (named === undefined && CHROMIUM_FROM_NPM.includes(SYSTEM)) return chromiumFromNpm();
  const executablePath = findBrowser();
  if (executablePath === null) throw new Error('There is no Chromium or Chrome: install one, or set CHROME_PATH.');
  return { executablePath, env: {} };
}

/**
 * The npm package @sparticuz/chromium, unpacked once into `.cache/chromium`. It brings the libraries and a font that a bare Linux does
 * not have.
 */
function chromiumFromNpm(): LocalBrowser {
  const root = fileURLToPath(new URL('..', import.meta.resolve('@sparticuz/chromium')));
  const manifest = path.join(root, 'package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const directory = path.join(CACHE, 'chromium', version);
  if (!existsSync(directory)) unpack(path.join(root, 'bin'), directory);
  return {
    executablePath: path.join(directory, 'chromium'),
    env: {
      LD_LIBRARY_PATH: [path.join(directory, 'al2023/lib'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
      // The fonts of the machine have more scripts.
      ...(existsSync(FONTS_OF_MACHINE) ? {} : { FONTCONFIG_PATH: path.join(directory, 'fonts') }),
    },
  };
}

const FONTS_OF_MACHINE = '/etc/fonts/fonts.conf';

const ARCHIVES = ['chromium.br', 'al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br'];

/** Unpacks in a separate process, because the package unpacks into the temporary directory of its process. */
function unpack(archives: string, directory: string): void {
  mkdirSync(path.dirname(directory), { recursive: true });
  const work = mkdtempSync(`${directory}-`);
  try {
    const files = JSON.stringify(ARCHIVES.map((name) => path.join(archives, name)));
    const script = `import { inflate } from '@sparticuz/chromium'; await Promise.all(${files}.map(inflate));`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: import.meta.dirname, // the package is resolved from this directory
      env: { ...process.env, TMPDIR: work },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`The Chromium of npm could not be unpacked: ${stderr}`);
    writeFileSync(path.join(work, 'fonts', 'fonts.conf'), fontsIn(path.join(directory, 'fonts')));
    renameSync(work, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error; // otherwise another process was faster
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** A configuration of fontconfig with the fonts of one directory. The package's own names directories of AWS Lambda. */
function fontsIn(directory: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${directory}</dir><cachedir>${path.join(directory, 'cache')}</cachedir></fontconfig>
`;
}
