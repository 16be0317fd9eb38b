/** What makes two uploads the same recording: the same user and the same bytes, under whatever name. */
import { createHash } from 'node:crypto';

/**
 * Id of a recording in a user's ingest ledger: 64 hex digits, stable for ever (stored data depends on it).
 * MD5 and size are what Storage keeps of every object, so the bytes need not be read again. MD5 can be made to collide on
 * purpose, but only within one's own recordings: the uid is part of the id.
 *
 * @param md5Base64 MD5 of the bytes, as Storage writes it.
 * @param size Bytes.
 */
export function recordingId(uid: string, md5Base64: string, size: number): string {
  return createHash('sha256')
    .update(JSON.stringify([uid, md5Base64, size]))
    .digest('hex');
}
