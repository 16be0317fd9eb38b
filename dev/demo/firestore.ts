/** Reads documents of the Firestore emulator over REST: as a user, for whom the rules hold, or as the operator. */
import * as z from 'zod';

/** The emulator accepts this as the operator's token, and skips the rules for it. */
export const OPERATOR = 'owner';

/** https://cloud.google.com/firestore/docs/reference/rest/v1/Value, as far as this project stores it. */
const valueSchema: z.ZodType = z.lazy(() =>
  z.union([
    z.object({ nullValue: z.null() }).transform(() => null),
    z.object({ booleanValue: z.boolean() }).transform((value) => value.booleanValue),
    z.object({ integerValue: z.string() }).transform((value) => Number(value.integerValue)),
    z.object({ doubleValue: z.coerce.number() }).transform((value) => value.doubleValue),
    z.object({ stringValue: z.string() }).transform((value) => value.stringValue),
    z.object({ timestampValue: z.string() }).transform((value) => new Date(value.timestampValue)),
    z
      .object({ arrayValue: z.object({ values: z.array(valueSchema).default([]) }) })
      .transform((value) => value.arrayValue.values),
    z.object({ mapValue: z.object({ fields: fieldsSchema() }) }).transform((value) => value.mapValue.fields),
  ]),
);

function fieldsSchema() {
  return z.record(z.string(), valueSchema).default({});
}

const pageSchema = z.object({
  documents: z.array(z.object({ name: z.string(), fields: fieldsSchema() })).default([]),
  nextPageToken: z.string().optional(),
});

export interface FirestoreAccess {
  /** `host:port` of the emulator. */
  readonly host: string;
  readonly projectId: string;
  /** A user's ID token, or {@link OPERATOR}. */
  readonly token: string;
}

/**
 * All documents of a collection, with their ids.
 * @throws Error if the rules deny it; ZodError for a document that does not match `schema`
 */
export async function readCollection<T>(
  { host, projectId, token }: FirestoreAccess,
  collection: string,
  schema: z.ZodType<T>,
): Promise<(T & { id: string })[]> {
  const found: (T & { id: string })[] = [];
  let pageToken: string | undefined;
  do {
    const url = new URL(`http://${host}/v1/projects/${projectId}/databases/(default)/documents/${collection}`);
    url.searchParams.set('pageSize', '300');
    if (pageToken !== undefined) url.searchParams.set('pageToken', pageToken);
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`Reading ${collection}: ${response.status} ${await response.text()}`);
    const page = pageSchema.parse(await response.json());
    for (const { name, fields } of page.documents) {
      found.push({ ...schema.parse(fields), id: name.slice(name.lastIndexOf('/') + 1) });
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return found;
}
