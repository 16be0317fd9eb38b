/** Where recordings lie in Storage: `uploads/{uid}/{jobId}/{name}`. */
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
 * Null for a path that no recording has. The bucket may be shared with other parts of an app, which may keep files under
 * `uploads/`, too: what is no recording by its path and extension is not ours, and is never touched. The rules of Storage let
 * an app put nothing else there.
 */
export function parseStagedPath(path: string): StagedPath | null {
  const [, uid, jobId, name] = /^uploads\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (uid === undefined || jobId === undefined || name === undefined || !isJobId(jobId)) return null;
  return RECORDING_EXTENSIONS.includes(path.slice(path.lastIndexOf('.') + 1).toLowerCase())
    ? { uid, jobId, name }
    : null;
}

/** Metadata of objects that the server wrote: an upload request's, and those that it sealed. The rules refuse it from an app. */
export const SERVER_METADATA = { stagedBy: 'server' } as const;

/** Whether an object may be what a job waits for. Decided by what the event says, so that everything else costs nothing. */
export function mayBeAwaited(object: {
  readonly name: string;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}): boolean {
  return parseStagedPath(object.name) !== null && object.metadata?.['stagedBy'] !== SERVER_METADATA.stagedBy;
}
