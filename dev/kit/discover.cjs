/**
 * `node discover.cjs <folder of a Firebase project> <project> <kit>`: prints what `firebase deploy` would deploy of a kit, as
 * JSON. It uses the code of the pinned firebase-tools that loads codebases and fills in their settings.
 */
'use strict';

const path = require('node:path');

const lib = path.join(process.env['FIREBASE_TOOLS'] ?? '', 'lib');
/** @param {string} name */
const load = (name) => require(path.join(lib, name));

/** @param {string[]} args */
async function main([folder = '', projectId = '', instance = '']) {
  const { Config } = load('config.js');
  const { loadCodebases } = load('deploy/functions/prepare.js');
  const { normalizeAndValidate, resolveConfigDir } = load('functions/projectConfig.js');
  const build = load('deploy/functions/build.js');
  const env = load('functions/env.js');
  const config = Config.load({ cwd: folder });
  const functions = normalizeAndValidate(config.src.functions);
  const firebaseConfig = { projectId, storageBucket: `${projectId}.appspot.com` };
  const builds = await loadCodebases(functions, { config, projectId, project: projectId }, firebaseConfig, {});
  /** @param {any} each */
  const hasInstance = (each) => each.instances?.[instance] !== undefined;
  const kit = functions.find(hasInstance);
  const userEnvs = env.loadUserEnvs({
    functionsSource: config.path(kit.source),
    configDir: config.path(resolveConfigDir(kit, instance)),
    projectDir: folder,
    projectId,
  });
  const { backend } = await build.resolveBackend({
    build: builds[instance],
    firebaseConfig,
    userEnvs,
    codebase: instance,
    nonInteractive: true,
    // If this is false, it asks Secret Manager for the secrets.
    isEmulator: true,
  });
  const endpoints = Object.values(backend.endpoints).flatMap((region) => Object.values(region));
  const { params, requiredAPIs, requiredRoles } = builds[instance];
  process.stdout.write(
    JSON.stringify({ codebases: Object.keys(builds), endpoints, params, requiredAPIs, requiredRoles }),
    () => process.exit(0), // firebase-tools may keep connections open.
  );
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
