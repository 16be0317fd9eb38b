/** Finds the Java on which the emulators run, and downloads one if the machine has none. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { CACHE } from './places.mjs';

/** firebase-tools 15 refuses to start on an older one (`lib/emulator/controller.js`). */
export const SUPPORTED_JAVA = 21;

/** The emulators themselves run on 17, the only Java of Debian 12. `emulators/olderJava.cjs` tells firebase-tools so. */
export const OLDEST_JAVA = 17;

/** Where a downloaded runtime is kept. njre adds `jre/` and a directory for the version. */
const DOWNLOADED = path.join(CACHE, 'java');

/** @typedef {{ readonly home: string, readonly major: number }} Java `home` holds `bin/java`. */

/**
 * What the search looks at; a parameter so that tests need no Java.
 * @typedef {object} JavaPlaces
 * @property {string | undefined} javaHome
 * @property {readonly string[]} path Entries of PATH.
 * @property {readonly string[]} directories Directories that hold Java homes.
 * @property {(directory: string) => readonly string[]} list The Java homes in a directory.
 * @property {(home: string) => Java | null} inspect Null where no Java runs.
 */

/**
 * The newest Java of JAVA_HOME, PATH, the usual directories and our own download.
 * @param {JavaPlaces} places
 * @returns {Java | null} null if none is at least {@link OLDEST_JAVA}
 */
export function findJava(places = thisMachine()) {
  const homes = [
    ...(places.javaHome ? [places.javaHome] : []),
    ...places.path.filter((entry) => path.basename(entry) === 'bin').map((entry) => path.dirname(entry)),
    ...places.directories.flatMap((directory) => places.list(directory)),
  ];
  const found = [...new Set(homes)].map((home) => places.inspect(home)).filter((java) => java !== null);
  const [newest] = found.sort((a, b) => b.major - a.major);
  return newest !== undefined && newest.major >= OLDEST_JAVA ? newest : null;
}

/**
 * Downloads a Java runtime for this user alone (Eclipse Temurin, by the npm package njre) into `.cache/java`.
 * @throws {Error} if the network does not allow it
 */
export async function downloadJava() {
  const { default: njre } = await import('njre');
  mkdirSync(DOWNLOADED, { recursive: true });
  await njre.install(SUPPORTED_JAVA, { type: 'jre', installPath: path.join(DOWNLOADED, 'jre') });
}

/** @returns {JavaPlaces} */
function thisMachine() {
  return {
    javaHome: process.env['JAVA_HOME'],
    path: (process.env['PATH'] ?? '').split(path.delimiter).map(resolveJavaLink),
    directories: [
      '/usr/lib/jvm',
      '/Library/Java/JavaVirtualMachines',
      '/opt/homebrew/opt',
      '/usr/local/opt',
      path.join(DOWNLOADED, 'jre'),
    ],
    list: listHomes,
    inspect,
  };
}

/**
 * `/usr/bin` holds only a link to `java`: the directory of its target counts.
 * @param {string} directory
 */
function resolveJavaLink(directory) {
  const java = path.join(directory, 'java');
  return existsSync(java) ? path.dirname(realpathSync(java)) : directory;
}

/** @param {string} directory */
function listHomes(directory) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => !directory.endsWith('/opt') || name.startsWith('openjdk'))
    .map((name) => path.join(directory, name))
    .flatMap((home) => [
      home,
      path.join(home, 'Contents', 'Home'),
      path.join(home, 'libexec/openjdk.jdk/Contents/Home'),
    ])
    .filter((home) => existsSync(path.join(home, 'bin', 'java')));
}

/**
 * @param {string} home
 * @returns {Java | null}
 */
function inspect(home) {
  const java = path.join(home, 'bin', 'java');
  if (!existsSync(java)) return null;
  const { status, stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  const major = parseJavaVersion(stderr);
  return status === 0 && major !== null ? { home: realpathSync(home), major } : null;
}

/**
 * Major version in what `java -version` prints: `openjdk version "21.0.4" …`, and `"1.8.0_402"` is 8.
 * @param {string} output
 */
export function parseJavaVersion(output) {
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return match?.[1] === undefined ? null : Number(match[1]);
}
