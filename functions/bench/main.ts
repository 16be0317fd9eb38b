/**
 * `npm run bench`: every figure of `docs/performance.md`, each beside its peer and its limit, in one run.
 *
 *   npm run bench -- --only speed,agreement,billing,memory,cold,local,documents,fairness,load,e2e   parts of it
 *   npm run bench -- --json bench.json                                the figures, with the machine; parts are added to it
 *   npm run bench -- --minutes 10 --rounds 3 --hours 1,12,24 --users 200 --days 1,2,4,12
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { say } from '../../dev/console.ts';
import { main } from '../../dev/main.ts';
import { LOCAL_MODEL_SIZES } from '../src/config.ts';
import { agreement } from './agreement.ts';
import { billing } from './billing.ts';
import { coldStart } from './coldStart.ts';
import { fairness } from './fairness.ts';
import { describeMachine } from './machine.ts';
import { ratios } from './ratios.ts';
import type { Figures, Memory } from './ratios.ts';
import { median } from './rounds.ts';
import type { Speed } from './rounds.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PARTS = [
  'speed',
  'agreement',
  'billing',
  'memory',
  'cold',
  'local',
  'documents',
  'fairness',
  'load',
  'e2e',
] as const;
type Part = (typeof PARTS)[number];

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: PARTS.join(',') },
    json: { type: 'string' },
    minutes: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    hours: { type: 'string', default: '1,12,24' },
    users: { type: 'string', default: '200' },
    days: { type: 'string', default: '1,2,4,12' },
  },
});

/** Runs a script in a child process. @returns the JSON of its last line */
function child(args: readonly string[], oneCore = false): unknown {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', ...args];
  const [program = '', ...rest] = oneCore && hasTaskset() ? ['taskset', '-c', '0', ...node] : node;
  const output = execFileSync(program, rest, {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
  return JSON.parse(output.trim().split('\n').at(-1) ?? '');
}

function hasTaskset(): boolean {
  return spawnSync('taskset', ['-V']).status === 0;
}

interface SpeedRun {
  readonly speeds: readonly Speed[];
}

/** One core and two cores take turns, so that other programs affect both equally. */
function speed(): Figures['speed'] {
  const one: SpeedRun[] = [];
  const two: SpeedRun[] = [];
  for (let turn = 0; turn < 2; turn++) {
    one.push(child(['speed.ts', values.minutes, values.rounds, turn === 0 ? 'all' : 'engine'], true) as SpeedRun);
    two.push(child(['speed.ts', values.minutes, values.rounds, 'engine']) as SpeedRun);
  }
  return { oneCore: mergeRuns(one), twoCores: mergeRuns(two) };
}

function mergeRuns(runs: readonly SpeedRun[]): Speed[] {
  const byName = new Map<string, Speed[]>();
  for (const each of runs.flatMap(({ speeds }) => speeds))
    byName.set(each.name, [...(byName.get(each.name) ?? []), each]);
  return [...byName].map(([name, all]) => {
    const rounds = all.flatMap((each) => each.rounds);
    return {
      name,
      timesRealTime: median(rounds),
      rounds,
      cpuSecondsPerHour: median(all.map(({ cpuSecondsPerHour }) => cpuSecondsPerHour)),
    };
  });
}

/** Runs a script within the Emulator Suite. @returns the JSON of its last such line */
function onEmulators(script: string): unknown {
  const command = `node --disable-warning=ExperimentalWarning functions/bench/${script}`;
  const output = execFileSync(process.execPath, ['dev/run.mjs', 'dev/emulators/exec.ts', command], {
    cwd: ROOT,
    env: { ...process.env, INIT_CWD: ROOT },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
  const line = output.split('\n').findLast((each) => each.startsWith('{'));
  if (line === undefined) throw new Error(`${script} printed no figures:\n${output}`);
  return JSON.parse(line);
}

function local(): Figures['local'] {
  const race = child(['localSpeed.ts', 'speed', values.rounds], true) as Omit<Figures['local'], 'memory'>;
  const memory = LOCAL_MODEL_SIZES.map((size) => child(['localSpeed.ts', 'memory', size], true));
  return { ...race, memory: memory as Figures['local']['memory'] };
}

/** The times real time on two processors that the speed part of this run, or of an earlier one, has measured. */
function readingSpeed({ speed: found }: Partial<Figures>): number {
  const engine = found?.twoCores.find(({ name }) => name === 'engine opus10');
  if (engine === undefined)
    throw new Error('The fairness part needs the speed part: run it first, or give --json a file that has it.');
  return engine.timesRealTime;
}

type Run = (before: Partial<Figures>) => Promise<Partial<Figures>> | Partial<Figures>;

const RUN: Readonly<Record<Part, Run>> = {
  speed: () => ({ speed: speed() }),
  agreement: async () => ({ agreement: await agreement() }),
  billing: async () => ({ billing: await billing() }),
  memory: () => ({
    memory: values.hours.split(',').map((hours) => child(['memory.ts', hours]) as Memory),
  }),
  cold: () => ({ cold: coldStart(15) }),
  local: () => ({ local: local() }),
  documents: () => ({ documents: onEmulators('documents.ts 12') as Figures['documents'] }),
  fairness: (before) => ({ fairness: fairness(readingSpeed(before)) }),
  load: () => ({ load: child(['load.ts', values.rounds]) as Figures['load'] }),
  e2e: () => ({ e2e: onEmulators(`endToEnd.ts ${values.users} ${values.days}`) as Figures['e2e'] }),
};

await main(async () => {
  const names = values.only.split(',');
  const unknown = names.filter((name) => !(PARTS as readonly string[]).includes(name));
  if (unknown.length > 0) {
    say.failed(`There is no part ${unknown.join(', ')} of the bench. There are ${PARTS.join(', ')}.`);
    return 1;
  }
  let figures = before(values.json);
  const machine = describeMachine();
  for (const part of PARTS) {
    if (!names.includes(part)) continue;
    const began = performance.now();
    const found = await RUN[part](figures);
    figures = { ...figures, ...found };
    console.log(`\n${part}, ${Math.round((performance.now() - began) / 1000)} s`);
    for (const value of Object.values(found)) show(value);
    if (values.json !== undefined) {
      const result = { measuredAt: new Date().toISOString(), machine, ratios: ratios(figures), figures };
      writeFileSync(values.json, `${JSON.stringify(result, null, 1)}\n`);
    }
  }
  console.log('\nratios');
  console.table(ratios(figures));
  return 0;
});

/** The figures that the file has already; new parts are added to them. */
function before(file: string | undefined): Partial<Figures> {
  if (file === undefined || !existsSync(file)) return {};
  return (JSON.parse(readFileSync(file, 'utf8')) as { figures: Partial<Figures> }).figures;
}

function show(value: unknown): void {
  if (Array.isArray(value)) {
    console.table(value.map(withoutRounds));
  } else if (typeof value !== 'object' || value === null) {
    console.log(value);
  } else if (Object.values(value).every((each) => typeof each === 'number')) {
    console.table(value);
  } else {
    for (const [name, each] of Object.entries(value)) {
      console.log(name);
      show(each);
    }
  }
}

function withoutRounds(row: object): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'rounds'));
}
