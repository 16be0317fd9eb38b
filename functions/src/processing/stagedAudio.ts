/** The staged recordings in Cloud Storage. */
import type { Storage } from 'firebase-admin/storage';
import { AppError } from '../errors.ts';
import type { JobFile } from '../jobs/job.ts';

/** As firebase-admin hands it out. */
type Bucket = ReturnType<Storage['bucket']>;

export class StagedAudio {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  /** Streams a recording. @throws AppError `recording_missing`; any other failure as Storage gave it. */
  async *open(file: Pick<JobFile, 'path' | 'name'>): AsyncGenerator<Uint8Array> {
    try {
      for await (const bytes of this.#bucket.file(file.path).createReadStream()) yield bytes as Buffer;
    } catch (error) {
      if (isNotFound(error)) throw new AppError('recording_missing', { cause: error });
      throw error;
    }
  }

  /** Deletes recordings; those already gone are fine. */
  async delete(paths: readonly string[]): Promise<void> {
    for (let i = 0; i < paths.length; i += DELETES_AT_ONCE) {
      await Promise.all(
        paths.slice(i, i + DELETES_AT_ONCE).map((path) => this.#bucket.file(path).delete({ ignoreNotFound: true })),
      );
    }
  }
}

const DELETES_AT_ONCE = 16;

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 404;
}
