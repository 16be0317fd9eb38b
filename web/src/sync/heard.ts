/** Audio that was heard stays on this device, for when there is no network. */

/** Its name begins unlike those of the service worker, which deletes its own. */
const CACHE = 'heard';
/** How many chunks are kept: some hours of speech, so that listening every day does not fill the device. */
const MOST_KEPT = 200;

/** Null where the browser keeps nothing for this page. */
export async function openHeard(): Promise<Cache | null> {
  return 'caches' in globalThis ? caches.open(CACHE).catch(() => null) : null;
}

/** Keeps what is heard now in place of what was heard longest ago. Where there is no room, it is not kept. */
export async function keepHeard(
  cache: Pick<Cache, 'put' | 'keys' | 'delete'>,
  key: string,
  audio: Blob,
): Promise<void> {
  try {
    await cache.put(key, new Response(audio));
    const keys = await cache.keys();
    await Promise.all(keys.slice(0, -MOST_KEPT).map((oldest) => cache.delete(oldest)));
  } catch {
    // The user hears the audio even if this device cannot keep it.
  }
}

/** Deletes from this browser what was heard. */
export async function forgetHeard(): Promise<void> {
  if ('caches' in globalThis) await caches.delete(CACHE);
}
