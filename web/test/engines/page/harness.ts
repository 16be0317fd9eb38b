/** The part of mocha that tests inside a browser need. */

export type Outcome =
  | { readonly name: string; readonly is: 'passed' }
  | { readonly name: string; readonly is: 'failed' | 'skipped'; readonly why: string };

type Work = () => unknown;

interface Suite {
  readonly name: string;
  readonly beforeEach: Work[];
  readonly afterEach: Work[];
  readonly parent: Suite | null;
}

const LIMIT_MS = 60_000;
const skipped: Outcome[] = [];
const tests: { readonly suite: Suite; readonly name: string; readonly work: Work }[] = [];
let current: Suite = { name: '', beforeEach: [], afterEach: [], parent: null };

function describe(name: string, define: () => void): void {
  const parent = current;
  current = { name: `${parent.name} ${name}`.trim(), beforeEach: [], afterEach: [], parent };
  define();
  current = parent;
}

Object.assign(globalThis, {
  describe,
  it: (name: string, work: Work) => tests.push({ suite: current, name, work }),
  beforeEach: (work: Work) => current.beforeEach.push(work),
  afterEach: (work: Work) => current.afterEach.push(work),
});

/** Reports a test that is not possible in this browser, and why. */
export function skip(name: string, why: string): void {
  skipped.push({ name, is: 'skipped', why });
}

/** Runs all tests, one after another. */
export async function runTests(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { suite, name, work } of tests) {
    const suites = lineage(suite);
    const steps = [
      ...suites.flatMap((each) => each.beforeEach),
      work,
      ...suites.reverse().flatMap((each) => each.afterEach),
    ];
    const title = `${suite.name} ${name}`;
    await runSteps(steps).then(
      () => outcomes.push({ name: title, is: 'passed' }),
      (error: unknown) => outcomes.push({ name: title, is: 'failed', why: String(error) }),
    );
  }
  return [...outcomes, ...skipped];
}

function lineage(suite: Suite): Suite[] {
  return suite.parent === null ? [suite] : [...lineage(suite.parent), suite];
}

async function runSteps(steps: readonly Work[]): Promise<void> {
  const limit = new Promise<never>((_, reject) => {
    setTimeout(() => {
      reject(new Error(`It did not end within ${LIMIT_MS / 1000} s.`));
    }, LIMIT_MS);
  });
  for (const step of steps) await Promise.race([step(), limit]);
}
