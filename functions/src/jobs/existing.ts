/**
 * Documents by id, most of which do not exist. Firestore bills a look at a document that is not there as a read; a query is billed for
 * what it finds, and as one read where it finds nothing.
 */
import { FieldPath } from 'firebase-admin/firestore';
import type { CollectionReference, Query } from 'firebase-admin/firestore';

/** Values that Firestore takes in one `in`. */
export const MOST_IN_QUERY = 30;

/** Those of the documents that exist, by id; outside of any transaction. @param ids each may occur several times. */
export async function existing<T>(collection: CollectionReference<T>, ids: Iterable<string>): Promise<Map<string, T>> {
  const distinct = [...new Set(ids)];
  const groups: Query<T>[] = [];
  for (let from = 0; from < distinct.length; from += MOST_IN_QUERY) {
    groups.push(collection.where(FieldPath.documentId(), 'in', distinct.slice(from, from + MOST_IN_QUERY)));
  }
  const found = await Promise.all(groups.map((query) => query.get()));
  return new Map(found.flatMap(({ docs }) => docs.map((doc): [string, T] => [doc.id, doc.data()])));
}
