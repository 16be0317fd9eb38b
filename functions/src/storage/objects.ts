/** Lists, seals and deletes objects in Cloud Storage. */
import { deleteGeneration, isGoneOrReplaced } from './bucket.ts';
import type { Bucket } from './bucket.ts';
import { SERVER_METADATA } from './paths.ts';

export interface ListedObject {
  readonly path: string;
  /** Storage's version of the object at this path. Overwriting the object changes it. */
  readonly generation: string;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
  /** Bytes. */
  readonly size: number;
  /** Base64; null for an object composed of others, which no SDK of Firebase makes. */
  readonly md5: string | null;
  /** Whether {@link UploadedObjects.seal} has replaced it. */
  readonly isSealed: boolean;
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** Null on the last page. */
  readonly nextPageToken: string | null;
}

/** The most that Storage lists at once. */
const PAGE_SIZE = 1000;

/** The fields that are used. All fields of a thousand objects are more than a megabyte. */
const FIELDS = 'items(name,generation,timeCreated,size,md5Hash,metadata),nextPageToken';

/** An object as Storage lists it with these fields. */
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

  /** One page of the objects under a prefix, in the order of paths. */
  async list(prefix: string, pageToken: string | null, pageSize: number = PAGE_SIZE): Promise<ObjectPage> {
    const [files, next] = await this.#bucket.getFiles({
      prefix,
      fields: FIELDS,
      maxResults: pageSize,
      autoPaginate: false,
      ...(pageToken === null ? {} : { pageToken }),
    });
    // With `fields`, the client returns Storage's answer as it is, whatever its types say.
    const objects = (files as unknown as ObjectResource[]).map(listed);
    return { objects, nextPageToken: (next as { pageToken?: string } | null)?.pageToken ?? null };
  }

  /** Deletes all objects under a prefix. @throws Error if some could not be deleted; the others are deleted. */
  async deleteAll(prefix: string): Promise<void> {
    await this.#bucket.deleteFiles({ prefix, force: true });
  }

  /**
   * Replaces the object by one with the same bytes and without a download token. Firebase gives every upload such a token, with which
   * anyone can read the object without signing in. This also drops the type and headers that the uploader chose, so that a browser
   * never shows the object as a page. It is no error if the object is deleted or overwritten already.
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

  /** Deletes the object, unless it was overwritten after it was listed. A missing object is no error. */
  async delete(object: Pick<ListedObject, 'path' | 'generation'>): Promise<void> {
    await deleteGeneration(this.#bucket, object);
  }
}

/** All objects under a prefix, in pages, in the order of paths. */
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
