/** Audio that the service keeps to be played, and that this device keeps once it was heard. */
import { keptAudioPath, STORAGE_ORIGIN, type KeptAudioDoc } from 'offline-audio-sync-contract';
import type { Timestamp } from 'firebase/firestore';
import { localSuite } from '../env.ts';
import { connect, readDocument } from '../firebase/store.ts';

export interface KeptAudio extends Pick<KeptAudioDoc<Timestamp>, 'spans' | 'durationMs'> {
  readonly blob: Blob;
}

/** What was heard, for when there is no network. Its name begins unlike those of the service worker, which deletes its own. */
const CACHE = 'heard';

/**
 * The audio of a chunk; null where none is kept, or not any more.
 * @param options `keeps`: whether it stays on this device, for when there is no network
 * @throws Error with a sentence for a person
 */
export async function readKeptAudio(
  uid: string,
  chunkId: string,
  { keeps }: { readonly keeps: boolean },
): Promise<KeptAudio | null> {
  const doc = await readDocument(`${keptAudioPath(uid)}/${chunkId}`, (_, data) => data as KeptAudioDoc<Timestamp>);
  if (doc === null || doc.expiresAt.toMillis() < Date.now()) return null;
  const { path, contentType, spans, durationMs } = doc;
  const key = `/heard/${encodeURIComponent(path)}`;
  const cache = await openCache();
  const known = await cache?.match(key);
  const response = known ?? (await download(path));
  if (response === null) return null;
  // Without room for it, it is played all the same.
  if (known === undefined && keeps) await cache?.put(key, response.clone()).catch(() => undefined);
  return { spans, durationMs, blob: new Blob([await response.arrayBuffer()], { type: contentType }) };
}

/** Null where the browser keeps nothing for this page. */
async function openCache(): Promise<Cache | null> {
  return 'caches' in globalThis ? caches.open(CACHE).catch(() => null) : null;
}

async function download(path: string): Promise<Response | null> {
  const { app, currentUser } = await (await connect()).sdk.userAuth();
  const token = (await currentUser?.getIdToken()) ?? '';
  const storage = localSuite?.storage ?? STORAGE_ORIGIN;
  const url = `${storage}/v0/b/${app.options.storageBucket ?? ''}/o/${encodeURIComponent(path)}?alt=media`;
  let response: Response;
  try {
    response = await fetch(url, { headers: { Authorization: `Firebase ${token}` } });
  } catch (error) {
    throw new Error('The audio could not be loaded. Check your connection, and play it again.', { cause: error });
  }
  if (response.status === 404) return null;
  if (!response.ok)
    throw new Error('The service does not give out this audio. Sign out and in again, then play it again.');
  return response;
}

/** What was heard goes from this browser. */
export async function forgetHeard(): Promise<void> {
  if ('caches' in globalThis) await caches.delete(CACHE);
}
