/**
 * `npm run demo`: sends the sample recordings through a suite of its own as a signed-in user, prints the conversations they
 * became, and exits with 0 only if everything is as it should be. With DEEPGRAM_API_KEY set, Deepgram itself transcribes.
 */
import { showJourney } from './demo/show.ts';
import { withSuite } from './emulators/withSuite.ts';
import { givenKey } from './deepgramKey.ts';
import { main } from './main.ts';

await main((signal) => {
  const options = { ports: 'free', deepgramApiKey: givenKey(process.env), signal } as const;
  return withSuite(options, async ({ env }, stop) => ((await showJourney(env, stop)) ? 0 : 1));
});
