/** Runs several cases at once, until enough workers were killed. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { StandInControl } from '../../../dev/deepgram/control.ts';
import { startDeepgramStandIn } from '../../../dev/deepgram/server.ts';
import { describe } from './boundaries.ts';
import type { Plan } from './boundaries.ts';
import { bundleWorkers } from './bundle.ts';
import { summary } from './case.ts';
import type { Case } from './case.ts';
import { casesOf } from './cases.ts';
import { runTaskCase } from './taskCase.ts';
import { runUploadCase } from './uploadCase.ts';
import { judge, Undisturbed } from './verdict.ts';
import { World } from './world.ts';
import type { Surroundings } from './world.ts';

/** Cases that run at once. On a machine with two processors, a worker waits for the emulators about half of its time. */
const LANES = 4;

export interface SuiteOptions {
  readonly seed: number;
  /** No further case begins once this many workers have been killed. */
  readonly kills: number;
  /** Only this case. */
  readonly only?: number;
  /** The first case, to do a long run in pieces. */
  readonly from?: number;
  /** No further case begins after this many minutes. */
  readonly minutes?: number;
  /** Cases that run at once. */
  readonly lanes?: number;
  /** Begins no further case when it is aborted. */
  readonly signal?: AbortSignal;
  readonly onCase: (outcome: CaseOutcome) => void;
}

export interface CaseOutcome {
  readonly index: number;
  readonly summary: string;
  readonly met: readonly Plan[];
  readonly ms: number;
  readonly complaints: readonly string[];
  /** The command that runs this case alone. */
  readonly reproduce: string;
}

export interface Report {
  readonly kills: number;
  readonly freezes: number;
  /** The boundaries at which a plan was carried out, such as `kill before "record transcription"`. */
  readonly boundaries: ReadonlySet<string>;
  /** Kills after some time, at no boundary in particular. */
  readonly atRandom: number;
}

export function reportOf(outcomes: readonly CaseOutcome[]): Report {
  const met = outcomes.flatMap((outcome) => outcome.met);
  return {
    kills: met.filter(({ kind }) => kind === 'kill').length,
    freezes: met.filter(({ kind }) => kind === 'freeze').length,
    boundaries: new Set(met.flatMap((plan) => ('at' in plan ? describe({ ...plan, at: { ...plan.at, nth: 1 } }) : []))),
    atRandom: met.filter((plan) => 'afterMs' in plan).length,
  };
}

export async function runCrashSuite(options: SuiteOptions): Promise<CaseOutcome[]> {
  const cases: Iterator<Case, undefined> =
    options.only === undefined
      ? casesFrom(options.seed, options.from ?? 0)
      : [caseOf(options.seed, options.only)].values();
  const outcomes: CaseOutcome[] = [];
  const scripts = mkdtempSync(path.join(os.tmpdir(), 'crash-suite-'));
  await bundleWorkers(scripts);
  const undisturbed = await Undisturbed.start();
  const endsMs = Date.now() + 60_000 * (options.minutes ?? Infinity);
  const take = (): Case | null => {
    const isOver =
      reportOf(outcomes).kills >= options.kills || Date.now() >= endsMs || options.signal?.aborted === true;
    return isOver ? null : (cases.next().value ?? null);
  };
  const lane = async (): Promise<void> => {
    const standIn = await startDeepgramStandIn({ quiet: true });
    try {
      for (let each = take(); each !== null; each = take()) {
        const outcome = await runCase(each, { standInUrl: standIn.url, scripts }, undisturbed);
        outcomes.push(outcome);
        options.onCase(outcome);
      }
    } finally {
      await standIn.close();
    }
  };
  try {
    await Promise.all(Array.from({ length: options.only === undefined ? (options.lanes ?? LANES) : 1 }, lane));
  } finally {
    await undisturbed.close();
    rmSync(scripts, { recursive: true, force: true });
  }
  return outcomes;
}

function* casesFrom(seed: number, from: number): Generator<Case, undefined> {
  for (const each of casesOf(seed)) if (each.index >= from) yield each;
}

function caseOf(seed: number, index: number): Case {
  for (const each of casesFrom(seed, index)) return each;
  throw new Error('There is no end to the cases.');
}

async function runCase(each: Case, surroundings: Surroundings, undisturbed: Undisturbed): Promise<CaseOutcome> {
  const started = Date.now();
  const world = new World(String(each.index), surroundings.standInUrl);
  await new StandInControl(surroundings.standInUrl).reset();
  let met: readonly Plan[] = [];
  let complaints: readonly string[];
  try {
    const run = await (each.kind === 'task'
      ? runTaskCase(each, world, surroundings)
      : runUploadCase(each, world, surroundings));
    met = run.met;
    complaints = [...run.complaints, ...(await judge(world, run.evidence, undisturbed))];
  } catch (error) {
    complaints = [inspect(error)];
  } finally {
    await world.close();
  }
  return {
    index: each.index,
    summary: summary(each),
    met,
    ms: Date.now() - started,
    complaints,
    reproduce: `npm run test:crash -- --seed ${each.seed} --case ${each.index}`,
  };
}
