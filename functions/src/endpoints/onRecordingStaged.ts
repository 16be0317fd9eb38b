/** `onRecordingStaged`: an object has come to Storage. */
import { takeArrivals } from '../upload/arrivals.ts';
import type { Arrival, ArrivalDeps } from '../upload/arrivals.ts';
import { inBatches } from '../upload/batches.ts';
import { parseStagedPath } from '../storage/paths.ts';
import type { StagedPath } from '../storage/paths.ts';

/** As much of the event's data as matters. */
export interface StagedObjectEvent {
  readonly name: string;
  readonly generation: number | string;
  /** Bytes. */
  readonly size: number | string;
  readonly md5Hash?: string | undefined;
}

/**
 * Arrivals of one job that come to the same instance while others of it are being written are written together: a thousand
 * small recordings at once would otherwise be a thousand writes of one document, one after the other.
 */
export function createRecordingStagedHandler(deps: ArrivalDeps): (event: StagedObjectEvent) => Promise<void> {
  const take = inBatches(async (_job, arrivals: readonly (StagedPath & { readonly arrival: Arrival })[]) => {
    const [first] = arrivals;
    if (first === undefined) return;
    const objects = arrivals.map(({ arrival }) => arrival);
    await takeArrivals(first.uid, first.jobId, objects, deps);
  });
  return async ({ name: path, generation, size, md5Hash }) => {
    const staged = parseStagedPath(path);
    if (staged === null) return;
    const told = { path, generation: String(generation), size: Number(size), md5: md5Hash ?? null };
    // A late event must not speak for an object that has taken the place of its own.
    const present = await deps.objects.find(path);
    const arrival = present === null ? { ...told, isPresent: false } : { ...present, isPresent: true };
    await take(`${staged.uid}/${staged.jobId}`, { ...staged, arrival });
  };
}
