/** The objects under `uploads/` in Cloud Storage, as the sweeper sees them. */
import { deleteGeneration, isGoneOrReplaced } from './bucket.ts';
import type { Bucket } from './bucket.ts';
import { SERVER_METADATA } from './paths.ts';

export interface ListedObject {
  readonly path: string;
  /** Storage's name for these very bytes at this path: overwriting an object changes it. */
  readonly generation: string;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
  /** Bytes. */
  readonly size: number;
  /** Base64; null for an object composed of others, which no SDK of Firebase makes. */
  readonly md5: string | null;
  /** Whether it is as {@link UploadedObjects.seal} leaves it. */
  readonly isSealed: boolean;
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** Null on the last page. */
  readonly nextPageToken: string | null;
}

/** The most that Storage lists at once. */
const PAGE_SIZE = 1000;

/** What is used of each object. Everything that Storage knows of a thousand is more than a megabyte. */
const FIELDS = 'items(name,generation,timeCreated,size,md5Hash,metadata),nextPageToken';

/** An object as Storage lists it, where these fields are asked for. */
interface ObjectResource {
  readonly name: string;
  readonly generation: string;
  /** ISO 8601. */
  readonly timeCreated: string;
  /** Bytes. */
  readonly size: string;
  readonly md5Hash?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export class UploadedObjects {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  /** One page of what lies under a prefix, in the order of paths. */
  async list(prefix: string, pageToken: string | null, pageSize: number = PAGE_SIZE): Promise<ObjectPage> {
    const [files, next] = await this.#bucket.getFiles({
      prefix,
      fields: FIELDS,
      maxResults: pageSize,
      autoPaginate: false,
      ...(pageToken === null ? {} : { pageToken }),
    });
    // Where fields are asked for, the client gives what Storage answers, whatever its types say.
    const objects = (files as unknown as ObjectResource[]).map(listed);
    return { objects, nextPageToken: (next as { pageToken?: string } | null)?.pageToken ?? null };
  }

  /** Deletes whatever lies under a prefix. @throws Error when one of them could not be deleted; the rest are. */
  async deleteAll(prefix: string): Promise<void> {
    await this.#bucket.deleteFiles({ prefix, force: true });
  }

  /**
   * Replaces the object by one with the same bytes that cannot be read back: Firebase gives every upload a download token, which
   * opens the object to everybody who has it and needs no sign-in. Whatever type or headers the uploader chose go, too, so that a
   * browser never shows it as a page. Gone or overwritten already is fine.
   */
  async seal({ path, generation }: Pick<ListedObject, 'path' | 'generation'>): Promise<void> {
    const file = this.#bucket.file(path);
    const from = this.#bucket.file(path, { generation });
    try {
      await from.copy(file, {
        contentType: 'application/octet-stream',
        contentDisposition: 'attachment',
        cacheControl: 'private, no-store',
        metadata: SERVER_METADATA,
        preconditionOpts: { ifGenerationMatch: generation },
      });
    } catch (error) {
      if (!isGoneOrReplaced(error)) throw error;
    }
  }

  /** Deletes the object unless it was overwritten since it was listed. Gone already is fine. */
  async delete(object: Pick<ListedObject, 'path' | 'generation'>): Promise<void> {
    await deleteGeneration(this.#bucket, object);
  }
}

/** Everything under a prefix, in pages, in the order of paths. */
export async function* pagesOf(
  objects: Pick<UploadedObjects, 'list'>,
  prefix: string,
): AsyncGenerator<readonly ListedObject[]> {
  let pageToken: string | null = null;
  do {
    const page = await objects.list(prefix, pageToken);
    yield page.objects;
    pageToken = page.nextPageToken;
  } while (pageToken !== null);
}

function listed({ name, generation, timeCreated, size, md5Hash, metadata }: ObjectResource): ListedObject {
  return {
    path: name,
    generation,
    createdAtMs: Date.parse(timeCreated),
    size: Number(size),
    md5: md5Hash ?? null,
    isSealed: metadata?.['stagedBy'] === SERVER_METADATA.stagedBy,
  };
}
