/**
 * What the index reads, by Firebase's small SDK, which keeps nothing: what a device has cached is a part that looks like the whole, and
 * a cache through which everything was read makes each page slow that opens it later.
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

/** As `toQuery` of `firebase.ts`, of the other SDK. */
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
