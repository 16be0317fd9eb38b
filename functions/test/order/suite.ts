/** Runs random cases in several lanes at once. Each lane is a sequence of cases that its seed repeats. */
import fc from 'fast-check';
import type { Plan } from './model.ts';
import { plans } from './plans.ts';
import type { Disturbances } from './plans.ts';
import { verdict } from './verdict.ts';
import { OrderWorld } from './world.ts';

/**
 * Cases that run at once. A case mostly waits: in the emulator, conflicting transactions end only after seconds, by a time limit, and
 * begin again.
 */
const LANES = 24;

/** How long a failed case is shrunk. Then the smallest one so far is reported. */
const SHRINK_MS = 120_000;

export interface SuiteOptions extends Disturbances {
  readonly cases: number;
  readonly seed: number;
  /** The path to a counter-example, as it was printed. There is one lane then. */
  readonly path?: string;
  /** Begins no further case when it is aborted. */
  readonly signal?: AbortSignal;
  /** Called after each case. */
  readonly onCase?: () => void;
}

/** @throws Error with the shrunken counter-example and the command that repeats it. */
export async function runSuite({ cases, seed, path, disturbed, signal, onCase }: SuiteOptions): Promise<void> {
  const lanes = path === undefined ? Math.min(LANES, cases) : 1;
  const failed = new AbortController(); // One counter-example is enough.
  const stop = AbortSignal.any([failed.signal, ...(signal === undefined ? [] : [signal])]);
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const numRuns = Math.floor(cases / lanes) + (lane < cases % lanes ? 1 : 0);
      const parameters = { seed: seed + lane, numRuns, ...(path === undefined ? {} : { path }) };
      try {
        await runLane(parameters, { disturbed }, onCase, stop);
      } catch (error) {
        failed.abort();
        throw error;
      }
    }),
  );
}

async function runLane(
  parameters: { seed: number; numRuns: number; path?: string },
  { disturbed }: Disturbances,
  onCase: () => void = () => undefined,
  signal: AbortSignal,
): Promise<void> {
  const world = new OrderWorld();
  let shrinkUntilMs = Infinity;
  try {
    const property = fc.asyncProperty(plans({ disturbed }), async (plan) => {
      if (signal.aborted || performance.now() > shrinkUntilMs) return;
      const complaints = await world.run(plan).then(
        (outcome) => verdict(plan, outcome),
        (error: unknown) => [error instanceof Error ? (error.stack ?? error.message) : String(error)],
      );
      if (shrinkUntilMs === Infinity) onCase();
      if (complaints.length === 0) return;
      if (shrinkUntilMs === Infinity) shrinkUntilMs = performance.now() + SHRINK_MS;
      throw new Error(complaints.join('\n'));
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
