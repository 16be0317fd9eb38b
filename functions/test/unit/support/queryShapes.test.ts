import assert from 'node:assert/strict';
import { FieldPath, Filter, Firestore } from 'firebase-admin/firestore';
import type { Query } from 'firebase-admin/firestore';
import { indexesFor, recordQueries } from '../../support/queryShapes.ts';
import type { IndexSpec } from '../../support/queryShapes.ts';

type Field = IndexSpec['indexes'][number]['fields'][number];
const up = (fieldPath: string): Field => ({ fieldPath, order: 'ASCENDING' });
const down = (fieldPath: string): Field => ({ fieldPath, order: 'DESCENDING' });
const array = (fieldPath: string): Field => ({ fieldPath, arrayConfig: 'CONTAINS' });

const things = new Firestore({ projectId: 'demo-shapes' }).collection('owners/ann/things');

function spec(...indexes: Field[][]): IndexSpec {
  return {
    indexes: indexes.map((fields) => ({ collectionGroup: 'things', queryScope: 'COLLECTION', fields })),
    fieldOverrides: [],
  };
}

/** The number of composite indexes that serve the query. */
async function serving(query: Query, available: IndexSpec): Promise<number> {
  const recording = recordQueries({ offline: true });
  try {
    await query.get();
  } finally {
    recording.stop();
  }
  assert.equal(recording.shapes.length, 1);
  return indexesFor(recording.shapes[0]!, available).length;
}

const refused = (query: Query, available: IndexSpec) => assert.rejects(serving(query, available), /has no/);

describe('the check of query shapes', () => {
  it('asks for no composite index where single-field indexes do', async () => {
    for (const query of [
      things,
      things.where('a', '==', 1),
      things.where('a', '==', 1).where('b', 'in', [1, 2]),
      things.where('a', '>', 1),
      things.orderBy('a', 'desc'),
      things.where('a', '>', 1).orderBy('a').orderBy(FieldPath.documentId()),
      things.where('a', 'array-contains', 1),
      things.where('a', '==', 1).orderBy('a'),
    ]) {
      assert.equal(await serving(query, spec()), 0);
    }
  });

  it('asks for one where an equality meets an order or an inequality', async () => {
    for (const query of [
      things.where('a', '==', 1).orderBy('b'),
      things.where('a', '==', 1).where('b', '>', 1),
      things.where('a', '==', null).where('b', '!=', 1),
      things.where('a', 'in', [1, 2]).orderBy('b').orderBy(FieldPath.documentId()),
    ]) {
      await refused(query, spec());
      await refused(query, spec([up('b'), up('a')]));
      await refused(query, spec([up('a'), down('b')]));
      await refused(query, spec([up('a'), up('b'), up('c')]));
      assert.equal(await serving(query, spec([up('a'), up('b')])), 1);
      assert.equal(await serving(query, spec([down('a'), up('b')])), 1);
    }
  });

  it('asks for the direction and sequence of several orders', async () => {
    const query = things.orderBy('a').orderBy('b', 'desc');
    await refused(query, spec([up('a'), up('b')]));
    await refused(query, spec([down('b'), up('a')]));
    assert.equal(await serving(query, spec([up('a'), down('b')])), 1);
  });

  it('accepts equalities in any sequence, and joins indexes that end alike', async () => {
    const query = things.where('a', '==', 1).where('b', '==', 1).orderBy('c');
    assert.equal(await serving(query, spec([up('b'), up('a'), up('c')])), 1);
    assert.equal(await serving(query, spec([up('a'), up('c')], [up('b'), up('c')])), 2);
    await refused(query, spec([up('a'), up('c')]));
  });

  it('tells array membership from equality', async () => {
    const query = things.where('a', 'array-contains', 1).orderBy('b');
    await refused(query, spec([up('a'), up('b')]));
    assert.equal(await serving(query, spec([array('a'), up('b')])), 1);
  });

  it('tells a collection from a collection group', async () => {
    const group = things.firestore.collectionGroup('things').where('a', '==', 1);
    await refused(group, spec());
    await refused(group.orderBy('b'), spec([up('a'), up('b')]));
    const index = { queryScope: 'COLLECTION_GROUP', order: 'ASCENDING' } as const;
    const override = { collectionGroup: 'things', fieldPath: 'a', indexes: [index] };
    assert.equal(await serving(group, { ...spec(), fieldOverrides: [override] }), 0);
  });

  it('refuses a field that is exempt, alone or with the map around it', async () => {
    const exempt = { ...spec(), fieldOverrides: [{ collectionGroup: 'things', fieldPath: 'a', indexes: [] }] };
    await refused(things.where('a', '==', 1), exempt);
    await refused(things.orderBy('a.x'), exempt);
    assert.equal(await serving(things.orderBy('ab'), exempt), 0);
  });

  it('refuses queries that it does not understand', async () => {
    await assert.rejects(
      serving(things.where(Filter.or(Filter.where('a', '==', 1), Filter.where('b', '==', 1))), spec()),
    );
    await assert.rejects(serving(things.orderBy('a', 'desc').orderBy(FieldPath.documentId()), spec()));
  });

  it('sees aggregations too', async () => {
    const recording = recordQueries({ offline: true });
    await things
      .where('a', '==', 1)
      .count()
      .get()
      .catch(() => undefined);
    recording.stop();
    assert.deepEqual(
      recording.shapes.map(({ equal }) => equal),
      [['a']],
    );
  });
});
