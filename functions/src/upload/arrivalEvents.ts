/** Handles events of objects that have arrived in Storage. */
import { parseStagedPath } from '../storage/paths.ts';
import type { StagedPath } from '../storage/paths.ts';
import { receiveArrivals } from './arrivals.ts';
import type { Arrival, ArrivalDeps } from './arrivals.ts';
import { inBatches } from './batches.ts';

/** The part of the event's data that is used. */
export interface StagedObjectEvent {
  readonly name: string;
  readonly generation: number | string;
  /** Bytes. */
  readonly size: number | string;
  readonly md5Hash?: string | undefined;
}

/** Jobs that one instance lists at the same time: a thousand recordings and their objects take megabytes. */
const CONCURRENCY = 6;

/** Shortest time between two listings of one job, milliseconds: a phone may upload several recordings a second. */
const REST_MS = 1000;

/**
 * Handles the first arrival of a job immediately. Arrivals that come to the same instance while the job is listed, or shortly after,
 * are handled together: otherwise a thousand small recordings would be a thousand listings.
 */
export function createArrivalHandler(deps: ArrivalDeps): (event: StagedObjectEvent) => Promise<void> {
  const look = async (
    _job: string,
    arrivals: readonly (StagedPath & { readonly arrival: Arrival })[],
  ): Promise<void> => {
    const [first] = arrivals;
    if (first === undefined) return;
    await receiveArrivals(
      first.uid,
      first.jobId,
      arrivals.map(({ arrival }) => arrival),
      deps,
    );
  };
  const enqueue = inBatches(look, CONCURRENCY, REST_MS);
  return async ({ name: path, generation, size, md5Hash }) => {
    const staged = parseStagedPath(path);
    if (staged === null) return;
    const arrival = { path, generation: String(generation), size: Number(size), md5: md5Hash ?? null, isSealed: false };
    await enqueue(`${staged.uid}/${staged.jobId}`, { ...staged, arrival });
  };
}
