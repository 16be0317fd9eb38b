/** `npm run bench:report`: makes `docs/performance.md` from the committed run. Every figure in it comes from there. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { performancePage } from './performancePage.ts';
import { readResults } from './results.ts';

const PAGE = path.resolve(import.meta.dirname, '../../docs/performance.md');
writeFileSync(PAGE, performancePage(readResults()));
console.log(`Wrote ${PAGE}.`);
