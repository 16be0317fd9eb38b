/** The browser that tests drive: a Chromium or Chrome of this machine, else the Chromium that npm brings. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from './paths.ts';
import { findBrowser } from './setup/browsers.mjs';

export interface LocalBrowser {
  readonly executablePath: string;
  /** Variables that it needs besides our own. */
  readonly env: Readonly<Record<string, string>>;
}

/** @throws Error where the machine has none and npm has none for it. */
export function localBrowser(): LocalBrowser {
  const executablePath = findBrowser();
  return executablePath === null ? chromiumFromNpm() : { executablePath, env: {} };
}

/**
 * The headless Chromium of the npm package @sparticuz/chromium, unpacked once into `.cache/chromium`. It brings the libraries and a
 * font that a bare Linux does not have.
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
      FONTCONFIG_PATH: path.join(directory, 'fonts'),
    },
  };
}

const ARCHIVES = ['chromium.br', 'al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br'];

/** Unpacks in a process of its own, because the package unpacks into the temporary directory of its process. */
function unpack(archives: string, directory: string): void {
  mkdirSync(path.dirname(directory), { recursive: true });
  const work = mkdtempSync(`${directory}-`);
  try {
    const files = JSON.stringify(ARCHIVES.map((name) => path.join(archives, name)));
    const script = `import { inflate } from '@sparticuz/chromium'; await Promise.all(${files}.map(inflate));`;
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: import.meta.dirname, // The package is resolved from here.
      env: { ...process.env, TMPDIR: work },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`The Chromium of npm could not be unpacked: ${stderr}`);
    writeFileSync(path.join(work, 'fonts', 'fonts.conf'), fontsIn(path.join(directory, 'fonts')));
    renameSync(work, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error; // Else another process was faster.
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
