/** Where recordings lie in Storage: `uploads/{uid}/{jobId}/{name}`. */
import { isJobId } from '../jobs/job.ts';

export interface StagedPath {
  readonly uid: string;
  readonly jobId: string;
  readonly name: string;
}

export function stagedPath(uid: string, jobId: string, name: string): string {
  return `uploads/${uid}/${jobId}/${name}`;
}

/** Null for a path that no recording has. */
export function parseStagedPath(path: string): StagedPath | null {
  const [, uid, jobId, name] = /^uploads\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (uid === undefined || jobId === undefined || name === undefined || !isJobId(jobId)) return null;
  return { uid, jobId, name };
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
