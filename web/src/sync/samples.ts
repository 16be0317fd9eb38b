/** The sample recordings, if the console runs beside the local suite: they are moved to yesterday. */
import { isLocal } from '../env.ts';
import type { NewRecording } from './outbox.ts';
import { moveToDay, type SampleScenario } from '../domain/sampleDay.ts';

export const hasSamples = isLocal;

/** The device of the sample whose name carries none. It is the same for all samples, so that they become one job. */
const NAMELESS_DEVICE = 'phone';

export async function loadSampleDay(midnight: number): Promise<NewRecording[]> {
  const response = await fetch('/samples/index.json');
  const scenarios = (await response.json()) as SampleScenario[];
  const moved = moveToDay(scenarios, midnight);
  return Promise.all(
    moved.map(async ({ original, name }) => {
      const file = await fetch(`/samples/${original}`);
      if (!file.ok) throw new Error(`The sample ${original} is not there.`);
      return { name, audio: await file.blob(), deviceId: NAMELESS_DEVICE };
    }),
  );
}
