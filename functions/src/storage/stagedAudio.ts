/** The staged recordings in Cloud Storage. */
import pMap from 'p-map';
import { AppError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { JobFile } from '../jobs/job.ts';
import { deleteGeneration, deleteObjects, DELETES_AT_ONCE } from './bucket.ts';
import type { Bucket } from './bucket.ts';
import { stagedPath } from './paths.ts';
import type { StagedObject } from './staging.ts';

/**
 * How long a download may send nothing, milliseconds. A download that breaks off can leave its stream open for ever, because the client
 * library does not notice. The worker would wait, and keep its lease, until the platform ends it.
 */
const MAX_SILENCE_MS = 60_000;

export class StagedAudio {
  readonly #bucket: Bucket;
  readonly #maxSilenceMs: number;

  constructor(bucket: Bucket, { maxSilenceMs = MAX_SILENCE_MS } = {}) {
    this.#bucket = bucket;
    this.#maxSilenceMs = maxSilenceMs;
  }

  /**
   * Streams a recording.
   * @throws AppError `recording_missing`; `storage_not_permitted`; `storage_unavailable` for any other failure, silence included: these
   * say nothing about the recording, and must not count as an attempt of its job.
   */
  async *open(file: Pick<JobFile, 'path' | 'name'>): AsyncGenerator<Uint8Array> {
    const stream = this.#bucket.file(file.path).createReadStream();
    const expectMore = (): NodeJS.Timeout =>
      setTimeout(() => stream.destroy(new Error('Storage sent nothing for too long.')), this.#maxSilenceMs);
    let timer = expectMore();
    try {
      for await (const bytes of stream) {
        clearTimeout(timer); // The reader may take as long as it needs.
        yield bytes as Buffer;
        timer = expectMore();
      }
    } catch (error) {
      throw new AppError(storageErrorCode(error), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  /** The objects that are staged for a job. */
  async list(uid: string, jobId: string): Promise<StagedObject[]> {
    const fields = 'items(name,generation),nextPageToken';
    const [files] = await this.#bucket.getFiles({ prefix: stagedPath(uid, jobId, ''), fields });
    // Where fields are asked for, the client gives what Storage answers, whatever its types say.
    const objects = files as unknown as readonly { readonly name: string; readonly generation: string }[];
    return objects.map(({ name, generation }) => ({ path: name, generation }));
  }

  /** Deletes recordings. Missing ones are no error. */
  async delete(paths: readonly string[]): Promise<void> {
    await deleteObjects(this.#bucket, paths);
  }

  /** Deletes objects, unless they were overwritten after they were listed. */
  async deleteListed(objects: readonly StagedObject[]): Promise<void> {
    await pMap(objects, (object) => deleteGeneration(this.#bucket, object), { concurrency: DELETES_AT_ONCE });
  }
}

function storageErrorCode(error: unknown): ErrorCode {
  const status = error instanceof Error && 'code' in error ? error.code : null;
  if (status === 404) return 'recording_missing';
  return status === 401 || status === 403 ? 'storage_not_permitted' : 'storage_unavailable';
}
