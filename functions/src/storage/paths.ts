/** Paths of recordings in Storage: `uploads/{uid}/{jobId}/{name}`. */
import { RECORDING_EXTENSIONS } from 'offline-audio-sync-contract';
import { isJobId } from '../jobs/job.ts';

export interface StagedPath {
  readonly uid: string;
  readonly jobId: string;
  readonly name: string;
}

export function stagedPath(uid: string, jobId: string, name: string): string {
  return `uploads/${uid}/${jobId}/${name}`;
}

/**
 * Null if it is not the path of a recording. Other parts of an app may share the bucket and also have files under `uploads/`. Files
 * that are not recordings by their path and extension are not ours, and are never touched. The rules of Storage let apps upload only
 * recordings there.
 */
export function parseStagedPath(path: string): StagedPath | null {
  const [, uid, jobId, name] = /^uploads\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (uid === undefined || jobId === undefined || name === undefined || !isJobId(jobId)) return null;
  return RECORDING_EXTENSIONS.includes(path.slice(path.lastIndexOf('.') + 1).toLowerCase())
    ? { uid, jobId, name }
    : null;
}

/** Metadata of objects that the server wrote: recordings of a multipart upload, and sealed objects. The rules refuse it from apps. */
export const SERVER_METADATA = { stagedBy: 'server' } as const;

/** Whether an object may be one that a job waits for. Decided from the event alone, so that events of other objects cost nothing. */
export function mayBeAwaited(object: {
  readonly name: string;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}): boolean {
  return parseStagedPath(object.name) !== null && object.metadata?.['stagedBy'] !== SERVER_METADATA.stagedBy;
}
