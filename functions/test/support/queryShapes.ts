/**
 * Production refuses a query without its index; the emulator never does. So tests collect the shape of each query that is sent, and
 * compare it with `firestore.indexes.json`, by the rules of
 * https://firebase.google.com/docs/firestore/query-data/index-overview.
 */
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { Firestore } from 'firebase-admin/firestore';
import * as z from 'zod';

type Direction = 'ASCENDING' | 'DESCENDING';
type Scope = 'COLLECTION' | 'COLLECTION_GROUP';

/** Everything about a query that decides which index it needs, so without values, cursors and limits. */
export interface QueryShape {
  readonly collection: string;
  readonly scope: Scope;
  /** Fields compared for equality (`==`, `in`, is null), sorted. */
  readonly equal: readonly string[];
  /** Fields that are compared with `array-contains` or `array-contains-any`. */
  readonly contains: readonly string[];
  /** Fields by which the result is ordered, including those of inequalities; never `__name__`. */
  readonly order: readonly { readonly field: string; readonly direction: Direction }[];
}

// What the client sends: the relevant part of google.firestore.v1.StructuredQuery. An unknown part is an error, so that no kind of query
// can be added without a check of its index.
const fieldSchema = z.object({ fieldPath: z.string() });
const simpleFilterSchema = z.union([
  z.strictObject({ fieldFilter: z.object({ field: fieldSchema, op: z.string() }) }),
  z.strictObject({ unaryFilter: z.object({ field: fieldSchema, op: z.string() }) }),
]);
const querySchema = z.object({
  from: z.tuple([z.object({ collectionId: z.string().optional(), allDescendants: z.boolean().nullish() })]),
  where: z
    .union([
      simpleFilterSchema,
      z.strictObject({ compositeFilter: z.object({ op: z.literal('AND'), filters: z.array(simpleFilterSchema) }) }),
    ])
    .optional(),
  orderBy: z.array(z.object({ field: fieldSchema, direction: z.enum(['ASCENDING', 'DESCENDING']) })).optional(),
});

const EQUAL = new Set(['EQUAL', 'IN', 'IS_NULL', 'IS_NAN']);
const CONTAINS = new Set(['ARRAY_CONTAINS', 'ARRAY_CONTAINS_ANY']);

/** @param structuredQuery as the Firestore client sends it. */
export function shapeOf(structuredQuery: unknown): QueryShape {
  const { from, where, orderBy = [] } = querySchema.parse(structuredQuery);
  const filters = where === undefined ? [] : 'compositeFilter' in where ? where.compositeFilter.filters : [where];
  const simple = filters.map((filter) => ('fieldFilter' in filter ? filter.fieldFilter : filter.unaryFilter));
  const fields = (matches: (op: string) => boolean) => [
    ...new Set(simple.filter(({ op }) => matches(op)).map(({ field }) => field.fieldPath)),
  ];
  const equal = fields((op) => EQUAL.has(op)).sort();
  // The server appends the fields of inequalities that no order names, and `__name__`, in the direction of the last.
  const last = orderBy.at(-1)?.direction ?? 'ASCENDING';
  const named = orderBy.map(({ field, direction }) => ({ field: field.fieldPath, direction }));
  const implied = fields((op) => !EQUAL.has(op) && !CONTAINS.has(op))
    .filter((path) => !named.some(({ field }) => field === path))
    .sort()
    .map((field) => ({ field, direction: last }));
  const order = [
    ...named.filter(({ field }) => field !== '__name__'),
    ...implied.filter(({ field }) => field !== '__name__'),
  ];
  const byName = named.find(({ field }) => field === '__name__');
  if (byName !== undefined && byName.direction !== (order.at(-1)?.direction ?? 'ASCENDING')) {
    throw new Error('An order by __name__ against the direction of the last field needs an index that names it');
  }
  return {
    collection: from[0].collectionId ?? '',
    scope: from[0].allDescendants === true ? 'COLLECTION_GROUP' : 'COLLECTION',
    equal: equal.filter((field) => field !== '__name__'),
    contains: fields((op) => CONTAINS.has(op)),
    order: order.filter(({ field }) => !equal.includes(field)),
  };
}

const indexFieldSchema = z.object({
  fieldPath: z.string(),
  order: z.enum(['ASCENDING', 'DESCENDING']).optional(),
  arrayConfig: z.literal('CONTAINS').optional(),
});
const specSchema = z.object({
  indexes: z.array(
    z.object({
      collectionGroup: z.string(),
      queryScope: z.enum(['COLLECTION', 'COLLECTION_GROUP']),
      fields: z.array(indexFieldSchema),
    }),
  ),
  fieldOverrides: z.array(
    z.object({
      collectionGroup: z.string(),
      fieldPath: z.string(),
      ttl: z.boolean().optional(),
      indexes: z.array(
        indexFieldSchema.omit({ fieldPath: true }).extend({ queryScope: z.enum(['COLLECTION', 'COLLECTION_GROUP']) }),
      ),
    }),
  ),
});
export type IndexSpec = z.infer<typeof specSchema>;
type CompositeIndex = IndexSpec['indexes'][number];

export const INDEX_FILE = new URL('../../../firestore.indexes.json', import.meta.url);

export function readIndexSpec(): IndexSpec {
  return specSchema.parse(JSON.parse(readFileSync(INDEX_FILE, 'utf8')));
}

/**
 * The composite indexes of the file that serve this shape; empty if single-field indexes do.
 * @throws Error that names the missing index.
 */
export function indexesFor(shape: QueryShape, spec: IndexSpec): CompositeIndex[] {
  const { equal, contains, order } = shape;
  if (order.length === 0 && contains.length === 0) {
    for (const field of equal) requireSingleField(shape, field, ['ASCENDING', 'DESCENDING'], spec);
    return []; // equalities alone are joined from single-field indexes
  }
  const [first] = order;
  if (equal.length + contains.length + order.length === 1) {
    if (first === undefined) requireSingleField(shape, contains[0] ?? '', ['CONTAINS'], spec);
    else requireSingleField(shape, first.field, [first.direction], spec);
    return [];
  }
  // An index serves if it begins with some of the equalities and continues with exactly the rest; several such indexes are joined.
  const serving = spec.indexes.filter(
    ({ collectionGroup, queryScope, fields }) =>
      collectionGroup === shape.collection && queryScope === shape.scope && serves(fields, shape),
  );
  const joined = new Set(serving.flatMap(({ fields }) => fields.map(({ fieldPath }) => fieldPath)));
  if (![...equal, ...contains].every((field) => joined.has(field)) || serving.length === 0) {
    throw new Error(`firestore.indexes.json has no composite index for ${JSON.stringify(shape)}`);
  }
  return serving;
}

function serves(fields: CompositeIndex['fields'], { equal, contains, order }: QueryShape): boolean {
  const head = fields.slice(0, fields.length - order.length);
  const tail = fields.slice(head.length);
  return (
    fields.length >= order.length &&
    head.every(({ fieldPath, arrayConfig }) => (arrayConfig === undefined ? equal : contains).includes(fieldPath)) &&
    tail.every(({ fieldPath, order: direction }, index) => {
      return fieldPath === order[index]?.field && direction === order[index].direction;
    })
  );
}

/** Every field has single-field indexes in its collection, unless an override of it, or of a map around it, says otherwise. */
function requireSingleField(
  { collection, scope }: QueryShape,
  field: string,
  kinds: readonly string[],
  { fieldOverrides }: IndexSpec,
): void {
  const override = fieldOverrides
    .filter(
      ({ collectionGroup, fieldPath }) => collectionGroup === collection && `${field}.`.startsWith(`${fieldPath}.`),
    )
    .sort((a, b) => b.fieldPath.length - a.fieldPath.length)[0];
  const available =
    override === undefined
      ? scope === 'COLLECTION'
      : override.indexes.some(
          ({ queryScope, order, arrayConfig }) => queryScope === scope && kinds.includes(order ?? arrayConfig ?? ''),
        );
  if (!available) {
    throw new Error(
      `firestore.indexes.json has no single-field index of ${collection}.${field} (${scope}, ${kinds.join(' or ')})`,
    );
  }
}

export interface QueryRecording {
  readonly shapes: readonly QueryShape[];
  stop(): void;
}

/** The method by which the client sends every query, also in transactions and aggregations. It is not in the client's types. */
interface StreamingClient {
  requestStream(method: string, bidirectional: boolean, request: unknown, tag: string): Promise<unknown>;
}

const requestSchema = z.object({ structuredQuery: z.unknown() });
const aggregationSchema = z.object({ structuredAggregationQuery: requestSchema });

/**
 * Records the shape of every query that this process sends, until stopped.
 * @param offline whether each is answered with an empty result, and none is sent.
 */
export function recordQueries({ offline = false } = {}): QueryRecording {
  const client = Firestore.prototype as unknown as StreamingClient;
  // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
  const { requestStream } = client;
  const shapes: QueryShape[] = [];
  client.requestStream = function (this: StreamingClient, method, bidirectional, request, tag) {
    if (method === 'runQuery') shapes.push(shapeOf(requestSchema.parse(request).structuredQuery));
    if (method === 'runAggregationQuery') {
      shapes.push(shapeOf(aggregationSchema.parse(request).structuredAggregationQuery.structuredQuery));
    }
    if (offline)
      return Promise.resolve(new PassThrough({ objectMode: true }).end({ readTime: { seconds: '1', nanos: 0 } }));
    return requestStream.call(this, method, bidirectional, request, tag);
  };
  return { shapes, stop: () => void (client.requestStream = requestStream) };
}
