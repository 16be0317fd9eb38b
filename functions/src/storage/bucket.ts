/** The bucket that recordings are staged in. */
import type { Storage } from 'firebase-admin/storage';
import pMap from 'p-map';

/** As firebase-admin hands it out. */
export type Bucket = ReturnType<Storage['bucket']>;

/** `IdempotencyStrategy.RetryAlways`; importing the enum would load the library a second time, as an ES module. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- see above
const RETRY_ALWAYS = 0 as NonNullable<Bucket['storage']['retryOptions']['idempotencyStrategy']>;

/**
 * The bucket of this name, or the default bucket. Everything that is written and deleted in it can be repeated without harm, so it
 * is, where Storage was busy or a connection broke. Without this the client repeats no upload and no deletion without a
 * precondition, and while one of those is under way nothing else of that client either; where another begins meanwhile, it stays so
 * (File in @google-cloud/storage keeps the switch that they share, `retryOptions.autoRetry`, and puts back what it found).
 */
export function stagingBucket(storage: Pick<Storage, 'bucket'>, name = ''): Bucket {
  const bucket = name === '' ? storage.bucket() : storage.bucket(name);
  bucket.storage.retryOptions.idempotencyStrategy = RETRY_ALWAYS;
  return bucket;
}

/** Objects that are deleted at the same time. */
export const DELETES_AT_ONCE = 16;

/** Deletes objects; those already gone are fine. */
export async function deleteObjects(bucket: Bucket, paths: readonly string[]): Promise<void> {
  const deleteOne = (path: string) => bucket.file(path).delete({ ignoreNotFound: true });
  await pMap(paths, deleteOne, { concurrency: DELETES_AT_ONCE });
}

/** Deletes the very object that has this generation. Gone or overwritten already is fine. */
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
