/** Decides which recordings are uploaded together, and how. Pure. */
import { LIMITS } from 'offline-audio-sync-contract';
import type { UploadKind } from 'offline-audio-sync-contract';
import { multipartBound } from './multipart.ts';
import type { RecordingDoc, UploadTarget } from './recording.ts';

export interface BatchLimits {
  /** Body of one multipart request, bytes. A request that breaks off is sent again whole, so larger recordings are uploaded in pieces. */
  readonly maxRequestBytes: number;
  readonly maxFilesPerRequest: number;
  readonly maxFilesPerJob: number;
}

/** The limits of the server. */
export const SERVER_LIMITS: BatchLimits = {
  maxRequestBytes: LIMITS.maxRequestBytes,
  maxFilesPerRequest: LIMITS.maxFilesPerRequest,
  maxFilesPerJob: LIMITS.maxFilesPerJob,
};

export interface PlannedBatch {
  readonly way: UploadKind;
  readonly target: UploadTarget;
  readonly recordings: readonly RecordingDoc[];
}

/**
 * The next batch: recordings with the target of the one that has waited longest, in the order in which they were added, as many as one
 * job may have. If all fit into one request, they are sent in one. If only their number is too large for that, small recordings are
 * sent in several requests, because in Storage each would need a request or two of its own. Larger recordings go to Storage. No two
 * recordings of a batch have the same name, because the server would refuse both. Recordings that were given up before get a batch of
 * their own, so that they cannot hold back the rest.
 * @param waiting in any order. @param avoidsStorage true to use one request instead of Storage, with as many recordings as fit.
 * @returns null if nothing waits.
 */
export function planBatch(
  waiting: readonly RecordingDoc[],
  limits: BatchLimits,
  avoidsStorage = false,
): PlannedBatch | null {
  const queue = [...waiting].sort((a, b) => a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1));
  const [first] = queue;
  if (first === undefined) return null;
  const { target } = first;

  const names = new Set<string>();
  const recordings: RecordingDoc[] = [];
  for (const recording of queue) {
    if (recordings.length === limits.maxFilesPerJob) break;
    if (names.has(recording.name) || !isSameTarget(recording.target, target)) continue;
    if (recording.givenUp > 0 !== first.givenUp > 0) continue;
    names.add(recording.name);
    recordings.push(recording);
  }
  const firstRequest = avoidsStorage ? fitting(recordings, limits) : recordings.slice(0, limits.maxFilesPerRequest);
  return fitsOneRequest(firstRequest, limits)
    ? { way: 'multipart', target, recordings: firstRequest }
    : { way: 'direct', target, recordings };
}

function fitsOneRequest(recordings: readonly RecordingDoc[], limits: BatchLimits): boolean {
  return recordings.length > 0 && multipartBound(recordings) <= limits.maxRequestBytes;
}

/** The recordings that fit into one request together, in their order. */
function fitting(recordings: readonly RecordingDoc[], limits: BatchLimits): RecordingDoc[] {
  const chosen: RecordingDoc[] = [];
  for (const recording of recordings) {
    if (chosen.length === limits.maxFilesPerRequest) break;
    if (fitsOneRequest([...chosen, recording], limits)) chosen.push(recording);
  }
  return chosen;
}

function isSameTarget(a: UploadTarget, b: UploadTarget): boolean {
  return (
    a.deviceId === b.deviceId &&
    a.conversationId === b.conversationId &&
    a.clockOffsetMs === b.clockOffsetMs &&
    a.timeZone === b.timeZone
  );
}
