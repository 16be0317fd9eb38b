/** Deletes kept audio whose time is over, and objects that no document names. */
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

/** Documents of one look-up. */
const LOOK_UP = 100;

/**
 * Deletes those of the listed objects that may not be played any more. It is safe against everything that goes on meanwhile: an object is
 * named minutes after it was written, and those that are listed are older; one that is written anew has another generation, which
 * the deletion spares.
 */
export async function deleteUnkept(
  listed: readonly ListedObject[],
  { db, objects, now }: KeptAudioDeps,
): Promise<Deletions> {
  const kept = new Set<string>();
  // Other files under `audio/` belong to other parts of the app.
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
      // Firestore's own deletion of what is over may take a day, and does not exist in its emulator.
      else await doc.ref.delete();
    }
  }
  return deleteObjects(
    ours.flatMap(({ object }) => (kept.has(object.path) ? [] : object)),
    objects,
  );
}
