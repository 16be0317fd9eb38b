/**
 * Preloaded into the processes of firebase-tools (`NODE_OPTIONS`): a process that runs a function loads only what it uses of
 * firebase-tools, of which it would load most for three of its helpers, and not the Admin SDK and the SDK of functions a second time:
 * our build has them in itself (`functions/build.mjs`). The start of such a process takes a third of the processor time then, and a suite
 * starts dozens: one for each function, and one more for each call at the same time.
 * Modules come as objects that load when something is first read from them. If a later version needs more than that of
 * its modules, no function answers, and every test of a suite says so.
 */
'use strict';
const Module = require('node:module');
const path = require('node:path');

/** @typedef {(request: string, parent: { filename?: string } | undefined, ...rest: unknown[]) => Record<string | symbol, unknown>} Load */

const modules = /** @type {{ _load: Load, _cache: Record<string, unknown> }} */ (/** @type {unknown} */ (Module));
const load = modules._load;

const WORKER = /[\\/]firebase-tools[\\/]lib[\\/]emulator[\\/]functionsEmulatorRuntime(\.js)?$/;
const FIREBASE_TOOLS = /[\\/]node_modules[\\/]firebase-tools[\\/]lib[\\/]/;
const IN_OUR_BUILD = /[\\/]node_modules[\\/]firebase-(admin|functions)[\\/]/;

/** @type {Load} */
function loadWhenRead(request, parent, ...rest) {
  const isOfTheirs = FIREBASE_TOOLS.test(parent?.filename ?? '');
  const isSdk = path.isAbsolute(request) && IN_OUR_BUILD.test(request);
  if (!isOfTheirs || !(request.startsWith('.') || isSdk)) return load.call(Module, request, parent, ...rest);
  /** @type {ReturnType<Load> | undefined} */
  let loaded;
  const real = () =>
    (loaded ??= isSdk ? loadApart(request, parent, rest) : load.call(Module, request, parent, ...rest));
  const exports = new Proxy({}, { get: (_, name) => real()[name] });
  // They look for the module that they loaded in the cache, to replace it.
  if (isSdk) modules._cache[request] ??= Object.assign(new Module(request), { exports, loaded: true });
  return exports;
}

/**
 * Loads a module in whose place another one is cached.
 * @param {string} request @param {Parameters<Load>[1]} parent @param {unknown[]} rest
 */
function loadApart(request, parent, rest) {
  const cached = modules._cache[request];
  Reflect.deleteProperty(modules._cache, request);
  try {
    return load.call(Module, request, parent, ...rest);
  } finally {
    modules._cache[request] = cached;
  }
}

if (WORKER.test(process.argv[1] ?? '')) modules._load = loadWhenRead;
