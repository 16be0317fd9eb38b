/** Finds what this machine has, and installs what is missing. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { findBrowser } from './browsers.mjs';
import { findJava } from './java.mjs';
import { FUNCTIONS } from './places.mjs';
import { runQuietly } from './runQuietly.mjs';

/** The time limit for a server's answer, milliseconds. */
const REACH_LIMIT_MS = 5000;

const ADOPTIUM = 'https://api.adoptium.net/v3/info/available_releases';
/** Where the install script of ffmpeg-static downloads from. */
const FFMPEG_STATIC = 'https://github.com/eugeneware/ffmpeg-static/releases';

/** `process.platform` and `process.arch`, for example `linux x64`. */
export const SYSTEM = `${process.platform} ${process.arch}`;

/** The directory in which ffmpeg-static leaves its program. */
export const FFMPEG_STATIC_DIRECTORY = path.join(FUNCTIONS, 'node_modules/ffmpeg-static');

/**
 * @param {readonly import('./plan.mjs').Need[]} needs The programs to look for; the others count as there.
 * @returns {Promise<import('./plan.mjs').Machine>}
 */
export async function inspectMachine(needs) {
  const has = {
    java: needs.includes('java') ? findJava() : { home: '', major: Infinity },
    ffmpeg: !needs.includes('ffmpeg') || hasFfmpeg(),
    browser: !needs.includes('browser') || findBrowser() !== null,
    curl: !needs.includes('curl') || isOnPath('curl'),
  };
  const complete = has.java !== null && has.java.major >= 21 && has.ffmpeg && has.browser && has.curl;
  const installs = !complete && canInstall();
  if (installs) updatePackageLists();
  const [downloadsJava, downloadsFfmpeg] = await Promise.all([
    !complete && reaches(ADOPTIUM),
    !has.ffmpeg && !installs && !npmIgnoresScripts() && reaches(FFMPEG_STATIC),
  ]);
  return { system: SYSTEM, ...has, installs, hasPackage, downloadsJava, downloadsFfmpeg };
}

function hasFfmpeg() {
  return (
    Boolean(process.env['FFMPEG_PATH']) ||
    isOnPath('ffmpeg') ||
    existsSync(path.join(FFMPEG_STATIC_DIRECTORY, 'ffmpeg'))
  );
}

/** @param {string} program */
function isOnPath(program) {
  const directories = (process.env['PATH'] ?? '').split(path.delimiter);
  return directories.some((directory) => existsSync(path.join(directory, program)));
}

/** The words before apt-get: none for root, sudo if it asks for no password; null if neither works. */
function privilege() {
  if (process.getuid?.() === 0) return [];
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : null;
}

function canInstall() {
  return spawnSync('apt-get', ['--version']).status === 0 && privilege() !== null;
}

/** @param {readonly string[]} args */
function aptGet(args) {
  const [program = '', ...rest] = [
    ...(privilege() ?? []),
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    ...['http_proxy', 'https_proxy'].flatMap((name) => (process.env[name] ? [`${name}=${process.env[name]}`] : [])),
    'apt-get',
    ...['-qq', '-o', 'DPkg::Lock::Timeout=300'],
    ...args,
  ];
  return { program, args: rest };
}

function updatePackageLists() {
  const { program, args } = aptGet(['update']);
  spawnSync(program, args, { stdio: 'ignore' }); // without a network, the present lists are used
}

/**
 * Whether apt-get could install a package. `apt-cache show` also succeeds for names that other packages only mention.
 * @param {string} name
 */
function hasPackage(name) {
  const { stdout } = spawnSync('apt-cache', ['policy', name], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  return /^ *Candidate: (?!\(none\))/m.test(stdout ?? '');
}

/**
 * Installs packages with apt-get.
 * @param {readonly string[]} names
 * @throws {Error} with the last lines that apt-get printed
 */
export async function installPackages(names) {
  const { program, args } = aptGet(['install', '-y', '--no-install-recommends', ...names]);
  const { status, output } = await runQuietly(program, args);
  if (status === 0) return;
  const end = output.trim().split('\n').slice(-8).join('\n');
  throw new Error(`${end}\napt-get could not install ${names.join(' ')}; the lines above say why.`);
}

/** Whether npm is set not to run install scripts (`ignore-scripts`). */
function npmIgnoresScripts() {
  return spawnSync('npm', ['config', 'get', 'ignore-scripts'], { encoding: 'utf8' }).stdout.trim() === 'true';
}

/**
 * Whether a server answers. Behind a proxy this is assumed: only the attempt shows whether the proxy lets it through. @param
 * {string} url
 */
async function reaches(url) {
  if (process.env['HTTPS_PROXY'] || process.env['https_proxy']) return true;
  try {
    return (await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(REACH_LIMIT_MS) })).status < 500;
  } catch {
    return false;
  }
}
