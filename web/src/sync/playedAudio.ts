/** Keeps audio that was played on this device, so that it can be played again without a network. */

/** The name has another prefix than those of the service worker, which deletes its own caches. */
const CACHE = 'heard';
/** Number of chunks that are kept: some hours of speech, so that daily use does not fill the device. */
const MOST_KEPT = 200;

/** Null if the browser stores nothing for this page. */
export async function openPlayed(): Promise<Cache | null> {
  return 'caches' in globalThis ? caches.open(CACHE).catch(() => null) : null;
}

/** Stores what is played now, and deletes what was played longest ago. Without room, it is not stored. */
export async function keepPlayed(
  cache: Pick<Cache, 'put' | 'keys' | 'delete'>,
  key: string,
  audio: Blob,
): Promise<void> {
  try {
    await cache.put(key, new Response(audio));
    const keys = await cache.keys();
    await Promise.all(keys.slice(0, -MOST_KEPT).map((oldest) => cache.delete(oldest)));
  } catch {
    // The user can play the audio even if this device cannot store it.
  }
}

/** Deletes the played audio from this browser. */
export async function deletePlayed(): Promise<void> {
  if ('caches' in globalThis) await caches.delete(CACHE);
}
