/** Indexes, exemptions and TTL policies of this package in the app's own: the union. */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';

const indexSchema = z.looseObject({
  collectionGroup: z.string(),
  queryScope: z.string().optional(),
  fields: z.array(z.looseObject({ fieldPath: z.string() })),
});
type Index = z.infer<typeof indexSchema>;

const overrideSchema = z.looseObject({
  collectionGroup: z.string(),
  fieldPath: z.string(),
  ttl: z.boolean().optional(),
  indexes: z.array(z.looseObject({ queryScope: z.string().optional() })),
});
type Override = z.infer<typeof overrideSchema>;

export const indexFileSchema = z.looseObject({
  indexes: z.array(indexSchema).default([]),
  fieldOverrides: z.array(overrideSchema).default([]),
});
export type IndexFile = z.infer<typeof indexFileSchema>;

export interface MergedIndexes {
  readonly file: IndexFile;
  /** Collection ids that the app uses too: they get no exemptions, because an exemption takes away indexes of the app's queries. */
  readonly shared: readonly string[];
}

/**
 * What the app has stays, in its order; what is missing follows. Doing it again adds nothing.
 * @param appRules the app's own rules: a collection named there is the app's, too.
 */
export function mergeIndexes(app: IndexFile, ours: IndexFile, appRules: string): MergedIndexes {
  const indexes = [...app.indexes];
  for (const index of ours.indexes) if (!indexes.some((each) => isSameIndex(each, index))) indexes.push(index);
  const collections = new Set(ours.fieldOverrides.map(({ collectionGroup }) => collectionGroup));
  const shared = [...collections].filter((id) => isOfApp(id, app, ours, appRules));
  const fieldOverrides = [...app.fieldOverrides];
  for (const override of ours.fieldOverrides) {
    const at = fieldOverrides.findIndex((each) => isSameField(each, override));
    const present = fieldOverrides[at];
    if (present !== undefined) fieldOverrides[at] = joined(present, override);
    else if (!shared.includes(override.collectionGroup) || override.ttl === true) fieldOverrides.push(override);
  }
  return { file: { ...app, indexes, fieldOverrides }, shared };
}

/** Whether the app has something of its own with this collection id. */
function isOfApp(id: string, app: IndexFile, ours: IndexFile, appRules: string): boolean {
  const isForeign = (index: Index): boolean => !ours.indexes.some((each) => isSameIndex(each, index));
  const isForeignField = (override: Override): boolean =>
    !ours.fieldOverrides.some((each) => isSameField(each, override));
  return (
    app.indexes.some((index) => index.collectionGroup === id && isForeign(index)) ||
    app.fieldOverrides.some((override) => override.collectionGroup === id && isForeignField(override)) ||
    new RegExp(`/${id}/`).test(appRules)
  );
}

/** Whether two are one index, however they are written. */
export const isSameIndex = (a: Index, b: Index): boolean => isDeepStrictEqual(normal(a), normal(b));

/** Left out, the scope is one collection, and the order of documents is the last field's. */
function normal({ queryScope = 'COLLECTION', fields, ...rest }: Index) {
  const named = fields.filter(({ fieldPath }) => fieldPath !== '__name__');
  const { density: _, ...known } = rest as typeof rest & { density?: unknown };
  return { ...known, queryScope, fields: named.map((field) => ({ ...field })) };
}

const isSameField = (a: Override, b: Override): boolean =>
  a.collectionGroup === b.collectionGroup && a.fieldPath === b.fieldPath;

/** The app's indexes of a field and ours; the TTL policy of either. */
function joined(app: Override, ours: Override): Override {
  const missing = ours.indexes.filter((index) => !app.indexes.some((each) => isDeepStrictEqual(each, index)));
  if (missing.length === 0 && (ours.ttl !== true || app.ttl === true)) return app;
  return { ...app, ...(ours.ttl === true ? { ttl: true } : {}), indexes: [...app.indexes, ...missing] };
}
