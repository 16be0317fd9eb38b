/** The cases of a seed: first each boundary once, then random ones. */
import type { Case } from './case.ts';
import { Random } from './random.ts';
import { randomCase } from './randomCases.ts';
import { systematicCases } from './systematicCases.ts';

/** The cases of a seed, without end. */
export function* casesOf(seed: number): Generator<Case, never> {
  const random = new Random(seed);
  const systematic = systematicCases(random);
  for (let index = 0; ; index++) {
    const own = Math.floor(random.next() * 2 ** 32);
    yield { index, seed, ...(systematic[index] ?? randomCase(new Random(own))) };
  }
}
