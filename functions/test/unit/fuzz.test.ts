/** Each fuzz target for a bounded number of cases; `npm run fuzz` runs them for as long as is wanted. */
import fc from 'fast-check';
import { TARGETS } from '../fuzz/targets.ts';

describe('Fuzzing finds no fault in', () => {
  for (const { name, casesInTest, property } of TARGETS) {
    it(name, async () => {
      await fc.assert(property() as fc.IAsyncProperty<unknown>, { numRuns: casesInTest });
    });
  }
});
