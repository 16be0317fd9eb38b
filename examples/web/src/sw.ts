/** The service worker: uploads what is left when the browser says that there is a network, also while no page is open. */
import { auth, openClient } from './client.ts';

declare const self: ServiceWorkerGlobalScope;
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
  readonly lastChance: boolean;
}

/** Less than a browser lets a worker live. */
const LIMIT_MS = 120_000;

self.addEventListener('sync', (event) => {
  const { tag } = event as SyncEvent;
  if (tag === 'upload') (event as SyncEvent).waitUntil(upload());
});

/** @throws where something is left: the browser comes back then. */
async function upload(): Promise<void> {
  await auth.authStateReady();
  if (auth.currentUser === null) return;
  const client = openClient(auth.currentUser);
  try {
    const over = new Promise<void>((resolve) => {
      client.on('status', ({ state }) => {
        if (state !== 'uploading') resolve(); // Standby is here, too: a page is open, which uploads by itself.
      });
      setTimeout(resolve, LIMIT_MS);
    });
    await client.start();
    await over;
    if (client.recordings().some(({ state }) => state === 'waiting' || state === 'uploading'))
      throw new Error('Some recordings are left.');
  } finally {
    await client.dispose();
  }
}
