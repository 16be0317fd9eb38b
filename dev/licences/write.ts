/** `npm run licences`: writes docs/LICENSES.md. */
import { writeFileSync } from 'node:fs';
import { say } from '../console.ts';
import { main } from '../main.ts';
import { LICENCES_FILE, licences } from './list.ts';

await main(() => {
  writeFileSync(LICENCES_FILE, licences());
  say.done('docs/LICENSES.md is written.');
  return Promise.resolve(0);
});
