/**
 * Cloud Scheduler for the Emulator Suite, which has none: what runs every few minutes in production runs every minute here.
 *
 * firebase-tools 15 gives a scheduled function a topic of its Pub/Sub emulator, but refuses to deliver the messages to a second-generation
 * one ("Unsupported trigger signature: http"). So suites have no Pub/Sub emulator, and this calls the function as the topic would.
 */
import { setInterval } from 'node:timers/promises';
import * as z from 'zod';

type Environment = Readonly<Record<string, string | undefined>>;

const EVERY_MS = 60_000;

/** The part of the Functions emulator's list of triggers that is used. */
const backendsSchema = z.object({
  backends: z.array(
    z.object({
      functionTriggers: z.array(z.object({ id: z.string(), name: z.string(), schedule: z.unknown().optional() })),
    }),
  ),
});

/**
 * Runs every scheduled function of a suite once, and returns when they have ended.
 * @param env of the suite: `FUNCTIONS_EMULATOR_ORIGIN` and `GCLOUD_PROJECT`.
 * @returns their names.
 * @throws Error when one fails.
 */
export async function fireSchedules(env: Environment): Promise<string[]> {
  const origin = env['FUNCTIONS_EMULATOR_ORIGIN'] ?? '';
  const { backends } = backendsSchema.parse(await (await fetch(`${origin}/backends`)).json());
  const scheduled = backends
    .flatMap(({ functionTriggers }) => functionTriggers)
    .filter(({ schedule }) => schedule !== undefined);
  for (const { id, name } of scheduled) {
    // The number counts definitions: a function that is edited while the suite runs gets the next number, so its schedule needs
    // a restart.
    const url = `${origin}/functions/projects/${env['GCLOUD_PROJECT'] ?? ''}/triggers/${id}-0`;
    const response = await fetch(url, { method: 'POST' });
    if (!response.ok) throw new Error(`${name} answered ${response.status}: ${await response.text()}`);
  }
  return scheduled.map(({ name }) => name);
}

/**
 * Runs them every minute until the signal aborts.
 * @param onError gets the error of a run that failed; the next run comes anyway
 */
export async function runScheduler(
  env: Environment,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    for await (const _ of setInterval(EVERY_MS, undefined, { signal })) {
      await fireSchedules(env).catch(onError);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
