/**
 * Reads documents by id, most of which do not exist. Firestore bills a `get` of a missing document as a read; a query is billed for the
 * documents that it finds, and as one read if it finds none.
 */
import { FieldPath } from 'firebase-admin/firestore';
import type { CollectionReference, Query } from 'firebase-admin/firestore';

/** Values that Firestore allows in one `in`. */
export const MOST_IN_QUERY = 30;

/** The documents that exist, by id; outside of any transaction. @param ids may repeat. */
export async function readExisting<T>(
  collection: CollectionReference<T>,
  ids: Iterable<string>,
): Promise<Map<string, T>> {
  const distinct = [...new Set(ids)];
  const groups: Query<T>[] = [];
  for (let from = 0; from < distinct.length; from += MOST_IN_QUERY) {
    groups.push(collection.where(FieldPath.documentId(), 'in', distinct.slice(from, from + MOST_IN_QUERY)));
  }
  const found = await Promise.all(groups.map((query) => query.get()));
  return new Map(found.flatMap(({ docs }) => docs.map((doc): [string, T] => [doc.id, doc.data()])));
}
