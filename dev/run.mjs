/**
 * The way into every root npm script: `node dev/run.mjs [--needs java,ffmpeg,browser,curl] <script> [arguments]`.
 *
 * It only checks the version of Node, in syntax that an old Node can read; `setup/main.mjs` does the work.
 */
/** @type {any[]} */
// oxlint-disable-next-line no-var -- an older Node must be able to read this line
var version = process.versions.node.split('.').map(Number);
if (version[0] < 20 || (version[0] === 20 && version[1] < 11)) {
  console.error(
    '✗ Node 20.11 or newer is needed, and this is ' +
      process.version +
      '. Get one from https://nodejs.org/, for example with "npx n lts".',
  );
  process.exit(1);
}
import('./setup/main.mjs');
