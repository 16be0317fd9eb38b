/** Runs the plans in parallel lanes, and adds up the outcomes. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { planRun } from './plan.ts';
import { run } from './run.ts';
import type { RunOutcome } from './run.ts';

export interface SuiteOptions {
  readonly runs: number;
  /** Index of the first run. */
  readonly from?: number;
  readonly seed: number;
  /** Index of the only run, if just one is wanted. */
  readonly only?: number;
  readonly lanes?: number;
  /** Whether every other device is troubled: its clock, its promises, its store. Default: true. */
  readonly troubles?: boolean;
  /** No further run begins after this is aborted. */
  readonly signal?: AbortSignal;
  readonly onRun?: (outcome: RunOutcome) => void;
}

export async function runNetworkSuite(options: SuiteOptions): Promise<RunOutcome[]> {
  const { runs, from = 0, seed, only, lanes = 2, troubles = true, signal, onRun } = options;
  const indexes = (only === undefined ? Array.from({ length: runs }, (_, index) => from + index) : [only]).values();
  const outcomes: RunOutcome[] = [];
  const { script, remove } = await bundledChild();
  const lane = async (): Promise<void> => {
    for (const index of indexes) {
      if (signal?.aborted === true) return;
      const plan = planRun(seed, index);
      const outcome = await run({ ...plan, isTroubled: plan.isTroubled && troubles }, script);
      outcomes.push(outcome);
      onRun?.(outcome);
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    await remove();
  }
  return outcomes;
}

/** The client as one file, because starting takes most of the time of so many processes. */
async function bundledChild(): Promise<{ readonly script: string; readonly remove: () => Promise<void> }> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'network-client-'));
  const script = path.join(directory, 'client.mjs');
  await build({
    entryPoints: [path.join(import.meta.dirname, 'child.ts')],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    // Some of firebase's dependencies are CommonJS, and need `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  return { script, remove: () => rm(directory, { recursive: true, force: true }) };
}

export function summaryOf(outcomes: readonly RunOutcome[]): string {
  const sum = (value: (outcome: RunOutcome) => number): number =>
    outcomes.reduce((total, each) => total + value(each), 0);
  const faults = new Map<string, number>();
  for (const each of outcomes)
    for (const [fault, times] of each.faults) faults.set(fault, (faults.get(fault) ?? 0) + times);
  const total = [...faults.values()].reduce((all, times) => all + times, 0);
  const ways = outcomes.filter(({ plan }) => plan.way === 'direct').length;
  return (
    `${outcomes.length} runs (${ways} straight to Storage), ${sum(({ kills }) => kills)} kills, ${total} faults ` +
    `(${[...faults]
      .sort()
      .map(([fault, times]) => `${fault} ${times}`)
      .join(', ')}); ` +
    `${sum(({ sentBytes }) => sentBytes)} bytes sent of ${sum(({ sizeBytes }) => sizeBytes)}; ` +
    `${sum(({ handedOverAgain }) => handedOverAgain)} handed over again after a kill in the handler; ` +
    `${outcomes.filter(({ complaints }) => complaints.length > 0).length} runs failed.`
  );
}

export function lineOf({ plan, kills, faults, ms, complaints }: RunOutcome): string {
  const what = `${plan.way}, ${plan.samples.map(({ scenario }) => scenario).join('+')}, ${kills} kills${plan.isTroubled ? ', a troubled device' : ''}${plan.isPolyfilled ? ', React Native’s abort' : ''}`;
  const times = [...faults.values()].reduce((sum, each) => sum + each, 0);
  const mark = complaints.length === 0 ? '✓' : '✗';
  const reproduce = `npm run test:network -- --seed ${plan.seed} --run ${plan.index}`;
  return [
    `${mark} run ${plan.index} (${(ms / 1000).toFixed(1)} s): ${what}, ${times} faults`,
    ...complaints.map((complaint) => `    ${complaint}`),
    ...(complaints.length === 0 ? [] : [`    ${reproduce}`]),
  ].join('\n');
}
