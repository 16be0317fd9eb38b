/**
 * `npm run bench:console [-- --days 30 --a-day 500 --slower 4 --runs 3 --profile FILE]`: measures the console with weeks of recordings, in
 * Chromium, on the Emulator Suite. It prints JSON: the median of the runs of each figure, as a line of `console` in
 * functions/bench/results/latest.json. `--slower` slows the page's processor by Chromium's own setting; `--profile` writes a CPU profile of
 * one more run, for the developer tools.
 */
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { withSuite } from '../../../dev/emulators/withSuite.ts';
import { say, since } from '../../../dev/console.ts';
import { main } from '../../../dev/main.ts';
import { firstVisit, profileOf, visit, type Visit } from './visit.ts';

const DAY_MS = 24 * 3600_000;

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '30' },
    'a-day': { type: 'string', default: '500' },
    slower: { type: 'string', default: '4' },
    runs: { type: 'string', default: '3' },
    profile: { type: 'string' },
  },
});
const DAYS = Number(values.days);
const A_DAY = Number(values['a-day']);
const RUNS = Number(values.runs);

if (values.profile !== undefined) process.env['CONSOLE_PROFILE'] = '1';

await main((signal) =>
  withSuite({ ports: 'free', console: true, signal }, async ({ env }) => {
    Object.assign(process.env, env);
    const { launch, PASSWORD, Visitor } = await import('../browser/support/browser.ts');
    const { uidOf } = await import('../browser/support/operator.ts');
    const { seedConversations, seedJobs } = await import('../browser/support/seed.ts');
    const browser = await launch();
    try {
      const visitor = await Visitor.arrive(browser);
      const email = await visitor.signUp();
      const uid = await uidOf(email);
      const began = Date.now();
      const yesterday = new Date(Date.now() - DAY_MS).setHours(0, 0, 0, 0);
      await visitor.openAfter(async () => {
        await seedConversations(uid, { newest: yesterday, days: DAYS, aDay: A_DAY });
        await seedJobs(uid, new Date(yesterday + DAY_MS / 2), 70);
      });
      say.done(`${DAYS} days of ${A_DAY} conversations are there after ${since(began)}`);
      const options = { slower: Number(values.slower) };
      await visit(visitor.page, { slower: 1 }); // The first visit fills the browser's storage.
      const visits: Visit[] = [];
      for (let run = 0; run < RUNS; run++) visits.push(await visit(visitor.page, options));
      if (values.profile !== undefined) {
        const profile = await profileOf(visitor.page, () => visit(visitor.page, options));
        writeFileSync(values.profile, JSON.stringify(profile));
      }
      const newcomer = await Visitor.arrive(browser);
      const firstVisitMs = await firstVisit(newcomer.page, options, async () => {
        await newcomer.page.getByLabel('E-mail').fill(email);
        await newcomer.page.getByLabel('Password').fill(PASSWORD);
        await newcomer.page.getByRole('button', { name: 'Sign in', exact: true }).click();
      });
      await newcomer.close();
      const medians = Object.keys(visits[0] ?? {}).map((name) => [name, median(visits.map((one) => one[name] ?? 0))]);
      const setting = {
        days: DAYS,
        aDay: A_DAY,
        slower: options.slower,
        runs: RUNS,
        load: Math.round(os.loadavg()[0] ?? 0),
      };
      console.log(JSON.stringify({ ...setting, ...Object.fromEntries(medians), firstVisitMs }, null, 2));
      await visitor.close();
      return 0;
    } finally {
      await browser.close();
    }
  }),
);

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
