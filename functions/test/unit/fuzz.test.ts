/** Runs each fuzz target for a limited number of cases; `npm run fuzz` runs them without that limit. */
import fc from 'fast-check';
import { TARGETS } from '../fuzz/targets.ts';

describe('Fuzzing finds no fault in', () => {
  for (const { name, casesInTest, property } of TARGETS) {
    it(name, async () => {
      await fc.assert(property() as fc.IAsyncProperty<unknown>, { numRuns: casesInTest });
    });
  }
});
