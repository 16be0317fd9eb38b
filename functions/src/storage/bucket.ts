/** The bucket that recordings are staged in. */
import type { Storage } from 'firebase-admin/storage';
import pMap from 'p-map';

/** The type of firebase-admin's buckets. */
export type Bucket = ReturnType<Storage['bucket']>;

/** `IdempotencyStrategy.RetryAlways`; importing the enum would load the library a second time, as an ES module. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- see above
const RETRY_ALWAYS = 0 as NonNullable<Bucket['storage']['retryOptions']['idempotencyStrategy']>;

/**
 * The bucket of this name, or the default bucket. All writes and deletions in it can be repeated without harm. So its client repeats
 * them if Storage was busy or a connection broke. By default, the client repeats no upload and no deletion without a precondition.
 * Worse, while such a request runs, it repeats nothing else, and if two of them overlap it never does again: they share the switch
 * `retryOptions.autoRetry`, which each turns off and then restores as it found it.
 */
export function stagingBucket(storage: Pick<Storage, 'bucket'>, name = ''): Bucket {
  const bucket = name === '' ? storage.bucket() : storage.bucket(name);
  bucket.storage.retryOptions.idempotencyStrategy = RETRY_ALWAYS;
  return bucket;
}

/** Deletions under way at the same time. */
export const DELETES_AT_ONCE = 16;

/** Deletes objects. Missing ones are no error. */
export async function deleteObjects(bucket: Bucket, paths: readonly string[]): Promise<void> {
  const deleteOne = (path: string) => bucket.file(path).delete({ ignoreNotFound: true });
  await pMap(paths, deleteOne, { concurrency: DELETES_AT_ONCE });
}

/** Deletes the object with this generation. It is no error if it is deleted or overwritten already. */
export async function deleteGeneration(
  bucket: Bucket,
  { path, generation }: { readonly path: string; readonly generation: string },
): Promise<void> {
  await bucket
    .file(path)
    .delete({ ifGenerationMatch: generation })
    .catch((error: unknown) => {
      if (!isGoneOrReplaced(error)) throw error;
    });
}

/** HTTP 404, or 412 Precondition Failed. */
export function isGoneOrReplaced(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 404 || error.code === 412);
}
