/** Installs what a command needs and `npm ci` does not install. */
import { downloadJava } from './java.mjs';
import { SYSTEM, inspectMachine, installPackages } from './machine.mjs';
import { PLANS, sentenceFor } from './plan.mjs';

/** @typedef {import('./plan.mjs').Need} Need */

/** Something has to be installed by the user. The message is one sentence with the command. */
class MissingPrerequisite extends Error {}

/**
 * Looks at the machine before `npm ci`, and starts to install the packages that need no password.
 * @param {readonly Need[]} needs
 * @returns {Promise<{ packages: Promise<void>, downloads: readonly Need[] }>} `packages` settles when they are installed;
 *   `downloads` are left for {@link downloadPrerequisites}
 * @throws {MissingPrerequisite} where something can be had in no other way
 */
export async function planPrerequisites(needs) {
  const machine = await inspectMachine(needs);
  const plans = needs.map((need) => ({ need, plan: PLANS[need](machine) }));
  const missing = plans.flatMap(({ plan }) => (plan.kind === 'missing' ? [plan] : []));
  if (missing.length > 0) throw new MissingPrerequisite(sentenceFor(missing, SYSTEM));
  return {
    packages: install(plans.flatMap(({ plan }) => (plan.kind === 'package' ? [plan.name] : []))),
    downloads: plans.flatMap(({ need, plan }) => (plan.kind === 'download' ? [need] : [])),
  };
}

/**
 * Checks what `npm ci` had to bring, and downloads Java. What did not come is planned again, without downloads.
 * @param {readonly Need[]} needs
 * @throws {MissingPrerequisite} where something did not come and can be had in no other way
 */
export async function downloadPrerequisites(needs) {
  if (needs.includes('java')) {
    console.log('• Downloading a Java runtime into .cache/java …');
    await downloadJava().catch((/** @type {Error} */ error) => {
      console.log(`! The download failed (${error.message}).`);
    });
  }
  const machine = { ...(await inspectMachine(needs)), downloadsJava: false, downloadsFfmpeg: false };
  const plans = needs.map((need) => PLANS[need](machine));
  const missing = plans.filter((plan) => plan.kind === 'missing');
  if (missing.length > 0) throw new MissingPrerequisite(sentenceFor(missing, SYSTEM));
  await install(plans.flatMap((plan) => (plan.kind === 'package' ? [plan.name] : [])));
}

/** @param {readonly string[]} names */
async function install(names) {
  if (names.length === 0) return;
  const started = Date.now();
  console.log(`• Installing ${names.join(', ')} with apt-get, which needs no password here …`);
  await installPackages(names);
  console.log(`✓ Installed ${names.join(', ')} in ${Math.round((Date.now() - started) / 1000)} s.`);
}
