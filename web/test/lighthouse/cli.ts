/**
 * `npm run lighthouse [-- <screen> …]`: the console's scores on a desktop and on a phone with a slow processor, signed out and on the
 * screens of a user with a sample day. It exits with 1 if a score is below 95. Each screen is measured several times, and the run with the
 * median performance counts, as Lighthouse advises (its docs/variability.md): one slow moment of this machine can cost a third of the
 * points. Reports are written to `artifacts/lighthouse/`. Lighthouse is fetched by npx, because nothing else in this repository needs it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { localBrowser } from '../../../dev/browser.ts';
import { withSuite } from '../../../dev/emulators/withSuite.ts';
import { say } from '../../../dev/console.ts';
import { main } from '../../../dev/main.ts';
import { ROOT } from '../../../dev/paths.ts';
import { run } from '../../../dev/process.ts';

const LIGHTHOUSE = 'lighthouse@13.5.0';
const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;
/** Lighthouse's own settings: a desktop as fast as this machine, and a phone that takes four times as long. */
const DEVICES = { desktop: ['--preset=desktop'], phone: [] } as const;
const SIGNED_OUT = { 'sign-in': '/' } as const;
const SIGNED_IN = {
  ...{ day: '/', jobs: '/jobs', record: '/record', usage: '/usage', search: '/search?q=the', settings: '/settings' },
  // Addresses of what the sample day has become: that of the first link to each.
  ...{ month: null, conversation: null, job: null, shared: null },
} as const;
type OfSamples = Readonly<Record<'month' | 'conversation' | 'job' | 'shared', string>>;
const WANTED = 95;
/** Runs of each screen on each device: an odd number, so that one of them is the median. */
const RUNS = 3;
/** Only ends runs that hang, milliseconds: a busy machine takes minutes. */
const SAMPLE_DAY_LIMIT_MS = 600_000;
const REPORTS = path.join(ROOT, 'artifacts/lighthouse');

interface Report {
  readonly environment: { readonly benchmarkIndex: number };
  readonly categories: Readonly<Record<string, { readonly score: number | null }>>;
  readonly audits: Readonly<Record<string, { readonly displayValue?: string }>>;
}

const asked = process.argv.slice(2);
/** The screens that were asked for; all if none was. */
const wantedOf = (screens: Readonly<Record<string, string | null>>): [screen: string, address: string | null][] =>
  Object.entries(screens).filter(([screen]) => asked.length === 0 || asked.includes(screen));

await main((signal) => {
  const unknown = asked.filter((screen) => !(screen in SIGNED_OUT || screen in SIGNED_IN));
  if (unknown.length === 0) return measureScreens(signal);
  const known = Object.keys({ ...SIGNED_OUT, ...SIGNED_IN }).join(', ');
  say.failed(`There is no screen "${unknown.join('", "')}". There are ${known}.`);
  return Promise.resolve(1);
});

function measureScreens(signal: AbortSignal): Promise<number> {
  return withSuite({ ports: 'free', console: true, parameters: { SHARING: 'true' }, signal }, async ({ env }, stop) => {
    const origin = env['HOSTING_ORIGIN'] ?? '';
    process.env['HOSTING_ORIGIN'] = origin;
    const { BROWSER_ARGS } = await import('../browser/support/browser.ts');
    const browser = localBrowser();
    const profile = mkdtempSync(path.join(os.tmpdir(), 'offline-sync-lighthouse-'));
    mkdirSync(REPORTS, { recursive: true });
    /** Lighthouse starts the browser itself, because another driver would affect the measurement. */
    const measureOnce = async (device: keyof typeof DEVICES, screen: string, address: string): Promise<Report> => {
      const file = path.join(REPORTS, `${screen}-${device}.json`);
      const flags = ['--headless=new', ...BROWSER_ARGS, `--user-data-dir=${profile}`].join(' ');
      const args = ['--yes', LIGHTHOUSE, origin + address, ...DEVICES[device], `--chrome-flags=${flags}`];
      const only = [`--only-categories=${CATEGORIES.join(',')}`, '--output=json', `--output-path=${file}`];
      const code = await run('npx', [...args, ...only, '--disable-storage-reset', '--quiet'], {
        cwd: ROOT,
        env: { ...browser.env, CHROME_PATH: browser.executablePath },
        signal: stop,
      });
      if (code !== 0) throw new Error(`Lighthouse failed on ${screen} on a ${device}.`);
      return JSON.parse(readFileSync(file, 'utf8')) as Report;
    };
    const measureOn = async (device: keyof typeof DEVICES, screen: string, address: string): Promise<boolean> => {
      const reports: Report[] = [];
      while (reports.length < RUNS) reports.push(await measureOnce(device, screen, address));
      return printed(`${screen} on a ${device}`, medianOf(reports));
    };
    const measure = async (screen: string, address: string): Promise<boolean> =>
      [await measureOn('desktop', screen, address), await measureOn('phone', screen, address)].every(Boolean);
    try {
      const good: boolean[] = [];
      for (const [screen, address] of wantedOf(SIGNED_OUT)) good.push(await measure(screen, address ?? '/'));
      const signedIn = wantedOf(SIGNED_IN);
      if (signedIn.length > 0) {
        const { executablePath } = browser;
        const environment = { ...process.env, ...browser.env };
        const options = { executablePath, env: environment, args: BROWSER_ARGS };
        const found: OfSamples = await signInWithSampleDay(profile, origin, options);
        for (const [screen, address] of signedIn)
          good.push(await measure(screen, address ?? found[screen as keyof OfSamples]));
      }
      return good.every(Boolean) ? 0 : 1;
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}

/** Prepares a browser's profile with a user who has data. @returns addresses of that data */
async function signInWithSampleDay(
  profile: string,
  origin: string,
  options: { readonly executablePath: string; readonly env: NodeJS.ProcessEnv; readonly args: string[] },
): Promise<OfSamples> {
  const context = await chromium.launchPersistentContext(profile, options);
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(origin);
    await page.getByRole('button', { name: 'Continue as demo user' }).click();
    await page.getByRole('button', { name: 'Send a sample day' }).click();
    await page.locator('.chip').getByText('Done', { exact: true }).waitFor({ timeout: SAMPLE_DAY_LIMIT_MS });
    const hrefOf = async (selector: string): Promise<string> =>
      (await page.locator(selector).first().getAttribute('href')) ?? '/';
    const job = await hrefOf('.card-link');
    await page.goto(origin);
    const [conversation, month] = [await hrefOf('.conversations a'), await hrefOf('.screen-context a')];
    await page.goto(origin + conversation);
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByRole('button', { name: 'Make a link' }).click();
    const shared = await page.getByLabel('Link', { exact: true }).inputValue();
    return { job, conversation, month, shared: shared.slice(origin.length) };
  } finally {
    await context.close();
  }
}

/** The run with the median performance, and the worst score of all runs in everything else, which must not vary. */
function medianOf(reports: readonly Report[]): Report {
  const scoreOf = ({ categories }: Report, category: string): number => categories[category]?.score ?? 0;
  const sorted = [...reports].sort((a, b) => scoreOf(a, 'performance') - scoreOf(b, 'performance'));
  const median = sorted[Math.floor(sorted.length / 2)];
  if (median === undefined) throw new Error('Nothing was measured.');
  const worst = CATEGORIES.filter((category) => category !== 'performance').map(
    (category) => [category, { score: Math.min(...reports.map((report) => scoreOf(report, category))) }] as const,
  );
  return { ...median, categories: { ...median.categories, ...Object.fromEntries(worst) } };
}

function printed(name: string, { categories, audits, environment }: Report): boolean {
  const scores = CATEGORIES.map((category) => Math.round((categories[category]?.score ?? 0) * 100));
  const [paint, blocked] = ['largest-contentful-paint', 'total-blocking-time'].map((id) => audits[id]?.displayValue);
  const details = `LCP ${paint ?? '?'}, TBT ${blocked ?? '?'}, this machine's index ${environment.benchmarkIndex}`;
  console.log(`${name}: ${CATEGORIES.map((category, i) => `${category} ${scores[i]}`).join(', ')} (${details})`);
  return scores.every((score) => score >= WANTED);
}
