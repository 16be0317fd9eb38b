/**
 * `node metro.cjs <directory of the built Expo example>`: bundles it by Metro, with package exports and without, and runs the bundle. Native
 * modules are empty in it: they need a device.
 */
'use strict';

const assert = require('node:assert/strict');
const { readFileSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const vm = require('node:vm');

const NATIVE = /^(@react-native-firebase|expo-)/;
const ENTRY = `import * as client from 'offline-audio-sync-client';
import * as native from 'offline-audio-sync-client/react-native';
import * as example from './sync';
globalThis.bundled = { ...client, ...native, ...example };
`;

/** What Hermes and React Native have; more would hide what is missing there. */
const GLOBALS = { console, setTimeout, clearTimeout, AbortController, URL, TextEncoder, performance };

/** @param {string[]} args */
async function main([directory = '']) {
  const requireThere = createRequire(path.join(directory, 'package.json'));
  /** Of the packages that the example is installed with. @param {string} name @returns {any} */
  const load = (name) => requireThere(name);
  const Metro = load('metro');
  const { getDefaultConfig, mergeConfig } = load('metro-config');
  writeFileSync(path.join(directory, 'entry.js'), ENTRY);
  for (const withExports of [true, false]) {
    const config = mergeConfig(await getDefaultConfig(directory), {
      projectRoot: directory,
      watchFolders: [directory],
      maxWorkers: 1,
      cacheStores: [],
      resetCache: true,
      reporter: { update: () => undefined },
      resolver: {
        unstable_enablePackageExports: withExports,
        useWatchman: false,
        /** @type {(context: any, name: string, platform: string) => object} */
        resolveRequest: (context, name, platform) =>
          NATIVE.test(name) ? { type: 'empty' } : context.resolveRequest(context, name, platform),
      },
      transformer: { babelTransformerPath: requireThere.resolve('@react-native/metro-babel-transformer') },
    });
    const out = path.join(directory, `bundle-${withExports}.js`);
    await Metro.runBuild(config, { entry: 'entry.js', platform: 'android', minify: false, dev: false, out });
    /** @type {any} */
    const context = vm.createContext({ ...GLOBALS });
    vm.runInContext(readFileSync(out, 'utf8'), context);
    for (const name of ['createSyncClient', 'frameRecorder', 'expoStore', 'nativeFirebaseBackend', 'clientFor']) {
      assert.equal(typeof context.bundled[name], 'function', `${name}, package exports: ${withExports}`);
    }
  }
}

main(process.argv.slice(2)).then(
  () => process.exit(0), // Metro keeps watching.
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
