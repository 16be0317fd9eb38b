/** `npm run pack:kit [-- --out <folder>]`: makes the package `offline-audio-sync` and packs it. The last line is the tarball's path. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { main } from '../main.ts';
import { packKit } from './pack.ts';
import { STAGED, stageKit } from './stage.ts';

const { values } = parseArgs({ options: { out: { type: 'string', default: path.dirname(STAGED) } } });

await main(async (signal) => {
  await stageKit(STAGED, signal);
  console.log(packKit(STAGED, path.resolve(values.out)));
  return 0;
});
