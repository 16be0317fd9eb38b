/** The same upload sent twice is one job. */
import { createHash } from 'node:crypto';
import type { Recording } from './recordings.ts';
import type { UploadFields } from './request.ts';

/** The job of an Idempotency-Key: the same user and key always name the same one, so that the job document is the lock. */
export function idempotentJobId(uid: string, key: string): string {
  return sha256(['job', uid, key]).slice(0, 32);
}

/** What was uploaded, whatever the order of the files. */
export function contentHash(recordings: readonly Recording[], fields: UploadFields): string {
  const files = recordings.map(({ name, bytes, md5 }) => [name, bytes.length, md5] as const);
  files.sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256([files, fields.deviceId, fields.conversationId, fields.clockOffsetMs]);
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
