/** `onRecordingStaged`: an object has come to Storage. */
import { receiveArrivals } from '../upload/arrivals.ts';
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

/** Jobs that one instance looks at at once: a thousand recordings and their objects take megabytes. */
const CONCURRENCY = 6;

/**
 * Arrivals of one job that come to the same instance while it is looked at are looked at together: a thousand small recordings
 * at once would otherwise be a thousand listings.
 */
export function createRecordingStagedHandler(deps: ArrivalDeps): (event: StagedObjectEvent) => Promise<void> {
  const receive = inBatches(async (_job, arrivals: readonly (StagedPath & { readonly arrival: Arrival })[]) => {
    const [first] = arrivals;
    if (first === undefined) return;
    await receiveArrivals(
      first.uid,
      first.jobId,
      arrivals.map(({ arrival }) => arrival),
      deps,
    );
  }, CONCURRENCY);
  return async ({ name: path, generation, size, md5Hash }) => {
    const staged = parseStagedPath(path);
    if (staged === null) return;
    const arrival = { path, generation: String(generation), size: Number(size), md5: md5Hash ?? null };
    await receive(`${staged.uid}/${staged.jobId}`, { ...staged, arrival });
  };
}
