/** What the index reads, by Firebase's SDK: from the server alone, because what a device has cached is a part that looks like the whole. */
import { doc, getDocFromServer, getDocsFromServer } from 'firebase/firestore';
import type { Firestore, QueryDocumentSnapshot } from 'firebase/firestore';
import { toQuery } from '../firebase.ts';
import type { SearchSource } from './sync.ts';

export function firestoreSource(firestore: Firestore): SearchSource {
  return {
    pages: async function* (read) {
      let last: QueryDocumentSnapshot | undefined;
      do {
        const { docs } = await getDocsFromServer(toQuery(firestore, read, last));
        yield docs.map((found) => ({ id: found.id, data: found.data() }));
        last = docs.length === read.limit ? docs.at(-1) : undefined;
      } while (last !== undefined);
    },
    document: async (path) => (await getDocFromServer(doc(firestore, path))).data() ?? null,
  };
}
