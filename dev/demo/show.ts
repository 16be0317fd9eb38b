/** The samples' journey from upload to verdict, for a person to watch. */
import { say, since } from '../console.ts';
import { loadSamples } from '../samples/samples.ts';
import { runJourney } from './journey.ts';
import { printJourney, printVerdict } from './print.ts';
import { judge } from './verdict.ts';
import type { Judging } from './verdict.ts';

/** @returns whether everything is as it should be. */
export async function showJourney(
  env: Readonly<Record<string, string>>,
  judging: Judging,
  signal: AbortSignal,
): Promise<boolean> {
  const started = Date.now();
  say.doing('Sending the sample recordings through as a signed-in user …');
  const journey = await runJourney(env, loadSamples(), signal);
  say.done(`All jobs ended (${since(started)}).`);
  printJourney(journey);
  const verdict = judge(journey, judging);
  printVerdict(verdict);
  return verdict.complaints.length === 0;
}
