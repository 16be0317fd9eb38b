/** Writes the recordings of a multipart upload to Cloud Storage. */
import pMap from 'p-map';
import { deleteGeneration } from './bucket.ts';
import type { Bucket } from './bucket.ts';
import { SERVER_METADATA } from './paths.ts';

export interface StagedObject {
  readonly path: string;
  /** Storage's name for these very bytes at this path: overwriting an object changes it. */
  readonly generation: string;
}

export interface ObjectToStage {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Base64. */
  readonly md5: string;
}

export interface Staging {
  /**
   * Writes the object, and checks that the stored bytes have this MD5. Writing it again is harmless. @throws Error if it is not stored.
   */
  put(object: ObjectToStage): Promise<StagedObject>;
  /** Removes the object unless it was overwritten since. */
  remove(object: StagedObject): Promise<void>;
}

/** Uploads of one request that are under way at once. */
const CONCURRENCY = 8;

export function createStaging(bucket: Bucket): Staging {
  return {
    async put({ path, bytes, md5 }) {
      const file = bucket.file(path);
      await file.save(bytes, {
        resumable: false, // One request each: a session pays off above a few megabytes only, and these are in memory.
        metadata: {
          md5Hash: md5,
          contentType: 'application/octet-stream',
          cacheControl: 'private, no-store',
          metadata: SERVER_METADATA,
        },
        // Storage itself refuses bytes that do not have the MD5 sent with them; the emulator does not, so the answer is
        // compared below in any case.
        validation: false,
      });
      const { md5Hash, size, generation } = file.metadata;
      const staged = { path, generation: String(generation) };
      if (md5Hash !== md5 || Number(size) !== bytes.length) {
        await this.remove(staged);
        throw new Error('Storage holds other bytes than were sent.');
      }
      return staged;
    },
    remove: (object) => deleteGeneration(bucket, object),
  };
}

export interface StagingResult {
  readonly staged: readonly StagedObject[];
  /** The first failure; null if everything is staged. */
  readonly failure: Error | null;
}

/**
 * Stages a batch. After a failure it starts nothing new. It returns only when nothing is under way any more, so that a clean-up misses
 * nothing.
 */
export async function stageAll(staging: Staging, objects: readonly ObjectToStage[]): Promise<StagingResult> {
  const staged: StagedObject[] = [];
  const failures: Error[] = [];
  const stage = async (object: ObjectToStage): Promise<void> => {
    if (failures.length > 0) return;
    try {
      staged.push(await staging.put(object));
    } catch (error) {
      failures.push(error instanceof Error ? error : new Error(String(error)));
    }
  };
  await pMap(objects, stage, { concurrency: CONCURRENCY });
  return { staged, failure: failures[0] ?? null };
}

/** Deletes objects. @returns how many could not be deleted; the sweeper deletes those. */
export async function removeAll(staging: Staging, objects: readonly StagedObject[]): Promise<number> {
  let left = 0;
  await pMap(objects, (object) => staging.remove(object).catch(() => (left += 1)), { concurrency: CONCURRENCY });
  return left;
}
