/** Deletes kept audio that has expired, and objects without a document. */
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import type { ListedObject, UploadedObjects } from '../storage/objects.ts';
import { keptAudioOf, parseKeptPath } from '../storage/keptAudio.ts';
import { deleteObjects } from './orphans.ts';
import type { Deletions } from './orphans.ts';

export interface KeptAudioDeps {
  readonly db: Firestore;
  readonly objects: UploadedObjects;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Documents that are read at once. */
const LOOK_UP = 100;

/**
 * Deletes listed objects that have expired or have no document. This is safe while workers write: an object gets its document within
 * minutes, and the listed objects are older; an object that is written again has another generation, which the deletion spares.
 */
export async function sweepKeptAudio(
  listed: readonly ListedObject[],
  { db, objects, now }: KeptAudioDeps,
): Promise<Deletions> {
  const kept = new Set<string>();
  // Files under `audio/` with other paths belong to other parts of the app.
  const ours = listed.flatMap((object) => {
    const named = parseKeptPath(object.path);
    return named === null ? [] : { object, ref: keptAudioOf(db, named.uid).doc(named.chunkId) };
  });
  for (let from = 0; from < ours.length; from += LOOK_UP) {
    const docs = await db.getAll(...ours.slice(from, from + LOOK_UP).map(({ ref }) => ref));
    for (const doc of docs) {
      const entry = doc.data() as { path: string; expiresAt: Timestamp } | undefined;
      if (entry === undefined) continue;
      if (entry.expiresAt > Timestamp.fromMillis(now())) kept.add(entry.path);
      // The TTL policy may take a day, and the emulator has none.
      else await doc.ref.delete();
    }
  }
  return deleteObjects(
    ours.flatMap(({ object }) => (kept.has(object.path) ? [] : object)),
    objects,
  );
}
