/** Runs random cases, several at once: each lane is a sequence of its own, with a seed that repeats it. */
import fc from 'fast-check';
import { show } from './model.ts';
import type { Plan } from './model.ts';
import { plans } from './plans.ts';
import type { Disturbances } from './plans.ts';
import { verdict } from './verdict.ts';
import { OrderWorld } from './world.ts';

/** Transactions that meet wait for one another; other cases use the time. */
export const LANES = Number(process.env['LANES'] ?? 8);

export interface SuiteOptions extends Disturbances {
  readonly cases: number;
  readonly seed: number;
  /** Of one lane, to begin with a counter-example that was printed. */
  readonly path?: string;
  /** Told after each case. */
  readonly onCase?: () => void;
}

/** @throws Error with the shrunken counter-example and what repeats it. */
export async function runSuite({ cases, seed, path, disturbed, onCase }: SuiteOptions): Promise<void> {
  const lanes = path === undefined ? Math.min(LANES, cases) : 1;
  await Promise.all(
    Array.from({ length: lanes }, (_, lane) => {
      const numRuns = Math.floor(cases / lanes) + (lane < cases % lanes ? 1 : 0);
      return runLane({ seed: seed + lane, numRuns, ...(path === undefined ? {} : { path }) }, { disturbed }, onCase);
    }),
  );
}

async function runLane(
  parameters: { seed: number; numRuns: number; path?: string },
  { disturbed }: Disturbances,
  onCase: () => void = () => undefined,
): Promise<void> {
  const world = new OrderWorld();
  try {
    const property = fc.asyncProperty(plans({ disturbed }), async (plan) => {
      const complaints = verdict(plan, await world.run(plan));
      onCase();
      if (complaints.length > 0) {
        if (process.env['V']) console.log(show(plan), complaints.join('\n'));
        throw new Error(complaints.join('\n'));
      }
    });
    const result = await fc.check(property, parameters);
    if (result.failed) throw new Error(report(result, disturbed));
  } finally {
    await world.close();
  }
}

function report(
  { seed, counterexamplePath, counterexample, errorInstance, numRuns }: fc.RunDetails<[plan: Plan]>,
  disturbed: boolean,
): string {
  const why = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  const again = `npm run test:order -- --seed ${seed} --path ${counterexamplePath ?? '0'}${disturbed ? ' --disturbed' : ''}`;
  return `Case ${numRuns} of seed ${seed} fails:\n${fc.stringify(counterexample?.[0])}\n${why}\n\nAgain: ${again}\n`;
}
