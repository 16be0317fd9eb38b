/** Two uploads are the same recording if they have the same user and the same bytes, whatever their names. */
import { createHash } from 'node:crypto';

/**
 * The id of a recording in the user's registry: 64 hex digits. It must never change, because stored data depends on it. It is
 * derived from MD5 and size, which Storage keeps of every object, so the bytes need not be read again. MD5 collisions can be
 * made on purpose, but a user can make them only among their own recordings: the uid is part of the id.
 *
 * @param md5Base64 MD5 of the bytes, as Storage writes it
 * @param size bytes
 */
export function recordingId(uid: string, md5Base64: string, size: number): string {
  return createHash('sha256')
    .update(JSON.stringify([uid, md5Base64, size]))
    .digest('hex');
}
