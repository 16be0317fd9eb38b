/**
 * Reads for the index with Firebase's small SDK, which has no cache. A cache may have only a part of a result, which looks complete;
 * and a cache that has everything would make later pages slow.
 */
import {
  collection,
  collectionGroup,
  doc,
  getDoc,
  getDocs,
  limit,
  orderBy,
  query,
  startAfter,
  where,
} from 'firebase/firestore/lite';
import type { Firestore, QueryDocumentSnapshot } from 'firebase/firestore/lite';
import type { ReadQuery } from 'offline-audio-sync-contract';
import type { SearchSource } from './sync.ts';

/** @param firestore of `firebase/firestore/lite` */
export function firestoreSource(firestore: Firestore): SearchSource {
  return {
    pages: async function* (read) {
      let last: QueryDocumentSnapshot | undefined;
      do {
        const { docs } = await getDocs(liteQuery(firestore, read, last));
        yield docs.map((found) => ({ id: found.id, data: found.data() }));
        last = docs.length === read.limit ? docs.at(-1) : undefined;
      } while (last !== undefined);
    },
    document: async (path) => (await getDoc(doc(firestore, path))).data() ?? null,
  };
}

/** Like `toQuery` of `firebase.ts`, for the small SDK. */
function liteQuery(firestore: Firestore, read: ReadQuery, after?: QueryDocumentSnapshot) {
  const { isGroup = false } = read;
  return query(
    isGroup ? collectionGroup(firestore, read.collection) : collection(firestore, read.collection),
    ...read.where.map((condition) => where(...condition)),
    ...read.orderBy.map((order) => orderBy(...order)),
    ...(after === undefined ? [] : [startAfter(after)]),
    limit(read.limit),
  );
}
