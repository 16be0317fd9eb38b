/** Ids and hashes that make the same upload, sent twice, one job. */
import { createHash } from 'node:crypto';
import type { DeclaredRecording } from './recordings.ts';
import type { UploadFields } from './request.ts';

/** The job of an Idempotency-Key: the same user and key always name the same one, so that the job document is the lock. */
export function idempotentJobId(uid: string, key: string): string {
  return sha256(['job', uid, key]).slice(0, 32);
}

/** Hash of an upload's content. It does not depend on the order of the files. */
export function contentHash(recordings: readonly DeclaredRecording[], fields: UploadFields): string {
  return sha256(contentOf(recordings, fields));
}

/** Hash of a manifest. Never equal to a {@link contentHash}, because a key belongs to one way of uploading. */
export function manifestHash(recordings: readonly DeclaredRecording[], fields: UploadFields): string {
  return sha256(['manifest', ...contentOf(recordings, fields)]);
}

function contentOf(recordings: readonly DeclaredRecording[], fields: UploadFields): unknown[] {
  const files = recordings.map(({ name, size, md5 }) => [name, size, md5] as const);
  files.sort(([a], [b]) => (a < b ? -1 : 1));
  const zone = fields.timeZone === undefined ? [] : [fields.timeZone];
  return [files, fields.deviceId, fields.conversationId, fields.clockOffsetMs, ...zone];
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
