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

/** Metadata of the objects that an upload request stages: it checks them itself, and starts its job itself. */
export const STAGED_BY_REQUEST = { stagedBy: 'syncUpload' } as const;

/**
 * Whether an object may be what a job waits for. Decided by what the event says, so that everything else costs nothing. An app
 * can set this metadata too; it only makes its own upload wait for the sweeper, which does not ask for it.
 */
export function mayBeAwaited(object: {
  readonly name: string;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}): boolean {
  return parseStagedPath(object.name) !== null && object.metadata?.['stagedBy'] !== STAGED_BY_REQUEST.stagedBy;
}
