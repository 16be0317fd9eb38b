/** What `npm test` runs: the checks, and the parts of the tests. */
import path from 'node:path';
import { CLIENT, FUNCTIONS, ROOT, WEB } from '../paths.ts';

const DEV = path.join(ROOT, 'dev');

/** The tests of one mocha process. */
export interface Group {
  readonly title: string;
  readonly cwd: string;
  readonly config: string;
  /** Whether it leaves the processors to the tests that wait for other programs. It waits for none itself. */
  readonly givesWay?: boolean;
}

/**
 * Scripts of package.json, with arguments. Tests keep every processor busy meanwhile, and further threads of the compiler only check the same
 * types again.
 */
export const CHECKS = [['lint'], ['format:check'], ['typecheck', '--', '--singleThreaded'], ['depcheck']] as const;

export const PARTS = {
  /** These need no suite. The first takes as much processor time as all others together. */
  unit: [
    { title: 'Unit tests of reading audio', cwd: FUNCTIONS, config: '.mocharc.reading.json', givesWay: true },
    { title: 'Other unit tests of the functions', cwd: FUNCTIONS, config: '.mocharc.json', givesWay: true },
    { title: 'Unit tests of the client', cwd: CLIENT, config: '.mocharc.json', givesWay: true },
    { title: 'Tests of the local tooling and the documents', cwd: DEV, config: '.mocharc.json', givesWay: true },
    { title: 'Unit tests of the console', cwd: WEB, config: '.mocharc.json', givesWay: true },
  ],
  /** These use separate projects, with their own workers and Deepgram stand-ins. */
  suites: [{ title: 'Crashes, orders, a day', cwd: FUNCTIONS, config: '.mocharc.suites.json' }],
  /** On the emulators, without the deployed functions. */
  worker: [{ title: 'Emulator tests of workers, sweeper and rules', cwd: FUNCTIONS, config: '.mocharc.worker.json' }],
  /** These run with the deployed functions. */
  emulator: [
    { title: 'Emulator and end-to-end tests of the functions', cwd: FUNCTIONS, config: '.mocharc.emulator.json' },
  ],
  client: [{ title: 'Emulator tests of the client, bad networks', cwd: CLIENT, config: '.mocharc.emulator.json' }],
  /** These decide what Deepgram answers to the deployed functions, count its requests, and kill workers. */
  deepgram: [
    { title: 'Tests of the functions that control Deepgram', cwd: FUNCTIONS, config: '.mocharc.deepgram.json' },
  ],
  /** These run in parallel. The first decide what Deepgram answers to samples, which the others do not send. */
  web: [
    { title: 'Browser tests of the console that send samples', cwd: WEB, config: '.mocharc.sending.json' },
    { title: 'Other browser tests of the console', cwd: WEB, config: '.mocharc.browser.json' },
  ],
  /** These run in each browser of the machine and need no suite. */
  engines: [{ title: 'Store and recorder in each browser', cwd: WEB, config: '.mocharc.engines.json' }],
  /** These run in a separate suite, whose functions transcribe with the local recogniser. */
  local: [{ title: 'The console hears with the local recogniser', cwd: WEB, config: '.mocharc.local.json' }],
} as const satisfies Record<string, readonly Group[]>;
export type TestPart = keyof typeof PARTS;

export const TEST_PARTS = Object.keys(PARTS) as TestPart[];

/**
 * The parts that run in one suite. Lanes run in parallel, because tests mostly wait. A lane is a list of steps, one after the other; the parts
 * of a step run in parallel, too. What controls the stand-in of the deployed functions comes after everything that needs its answers.
 */
export const LANES_IN_SUITE: readonly (readonly (readonly TestPart[])[])[] = [
  [['emulator', 'client'], ['deepgram']],
  [['worker']],
  [['suites']],
];

/** Parts whose own workers ask a Deepgram stand-in of their own, which these tests control. */
export const WITH_OWN_STAND_IN: ReadonlySet<TestPart> = new Set(['emulator', 'worker']);

/**
 * Parameters of the functions: everything that is off by default is on, and waiting as long as in production would only make tests slow. A
 * lease must outlast the pauses of a busy machine.
 */
export const PARAMETERS = { TASK_LEASE_SECONDS: '10', OMI_API: 'true', SHARING: 'true' };
