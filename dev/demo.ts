/**
 * `npm run demo`: sends the sample recordings through a suite of its own as a signed-in user, prints the conversations they
 * became, and exits with 0 only if everything is as it should be.
 */
import { say, since } from './console.ts';
import { runJourney } from './demo/journey.ts';
import { printJourney, printVerdict } from './demo/print.ts';
import { judge } from './demo/verdict.ts';
import { withSuite } from './emulators/withSuite.ts';
import { main } from './main.ts';
import { loadSamples } from './samples/samples.ts';

await main((signal) =>
  withSuite({ signal }, async (env, stop) => {
    const started = Date.now();
    say.doing('Sending the sample recordings through …');
    const journey = await runJourney(env, loadSamples(), stop);
    say.done(`All jobs ended (${since(started)}).`);
    printJourney(journey);
    const verdict = judge(journey);
    printVerdict(verdict);
    return verdict.complaints.length === 0 ? 0 : 1;
  }),
);
