/** Which recordings travel together, and how. Pure. */
import { LIMITS } from 'offline-audio-sync-contract';
import type { UploadKind } from 'offline-audio-sync-contract';
import { multipartBound } from './multipart.ts';
import type { RecordingDoc, UploadTarget } from './recording.ts';

export interface BatchLimits {
  /** Body of one multipart request, bytes. A request that breaks off begins anew, so what is larger goes in pieces. */
  readonly maxRequestBytes: number;
  readonly maxFilesPerRequest: number;
  readonly maxFilesPerJob: number;
}

/** What the server takes. */
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
 * The next batch: recordings with the target of the one that has waited longest, as many as one job takes, those that were added
 * first in front. What fits into one request goes as one. Where only their number keeps them from fitting, small recordings go
 * in as many requests as they need: to Storage, each would be a request or two of its own. Anything larger goes to Storage.
 * No two of a batch have the same name: the server would refuse both. What was given up before travels apart, so that it
 * cannot hold back the rest.
 * @param waiting in any order. @param avoidsStorage what can go without Storage does: as many as fit into one request.
 * @returns null where nothing waits.
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

/** Those that fit into one request together, in their order. */
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
