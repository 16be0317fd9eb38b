/**
 * `npm run demo`: sends the sample recordings through a separate suite as a signed-in user, prints the conversations that they
 * become, and exits with 0 only if everything is right. The recogniser in the functions transcribes them, and may make few
 * errors. With `npm run demo -- --stand-in` the stand-in for Deepgram transcribes, and with DEEPGRAM_API_KEY Deepgram itself:
 * then every word must be right.
 */
import { parseArgs } from 'node:util';
import { showJourney } from './demo/show.ts';
import { withSuite } from './emulators/withSuite.ts';
import { givenKey } from './deepgramKey.ts';
import { prepareLocalModel } from './localModel.ts';
import { main } from './main.ts';

const { values } = parseArgs({ options: { 'stand-in': { type: 'boolean', default: false } } });

await main(async (signal) => {
  const deepgramApiKey = givenKey(process.env);
  const isLocal = deepgramApiKey === undefined && !values['stand-in'];
  if (isLocal) await prepareLocalModel();
  const transcriber = isLocal ? 'local' : 'deepgram';
  const options = { ports: 'free', deepgramApiKey, transcriber, signal } as const;
  return withSuite(options, async ({ env }, stop) =>
    (await showJourney(env, isLocal ? 'bounded' : 'exact', stop)) ? 0 : 1,
  );
});
