/**
 * Preloaded into firebase-tools (`--require`): makes the Auth emulator compile the schemas of its API when they are first
 * used, instead of all of them at start. That saves ten seconds of CPU and more at every start, and changes nothing else.
 * It sets an option that exegesis documents (`lazyCompileValidationSchemas`) and firebase-tools does not pass; should a
 * later version have no such place, the start is slow again, not broken.
 */
'use strict';
try {
  const path = require('node:path');
  const from = path.dirname(require.main?.filename ?? process.argv[1]);
  const options = require(require.resolve('exegesis/lib/options', { paths: [from] }));
  const { compileOptions } = options;
  options.compileOptions = (given) => compileOptions({ ...given, lazyCompileValidationSchemas: true });
} catch {
  // Slow, then.
}
