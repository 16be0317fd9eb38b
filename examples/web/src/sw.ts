/** The service worker: uploads the remaining recordings when the browser reports a network, even if no page is open. */
import { auth, openClient } from './client.ts';

declare const self: ServiceWorkerGlobalScope;
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
  readonly lastChance: boolean;
}

/** Time limit, milliseconds: shorter than browsers let a worker run. */
const LIMIT_MS = 120_000;

self.addEventListener('sync', (event) => {
  const { tag } = event as SyncEvent;
  if (tag === 'upload') (event as SyncEvent).waitUntil(upload());
});

/** @throws Error if recordings are left, so that the browser calls again */
async function upload(): Promise<void> {
  await auth.authStateReady();
  if (auth.currentUser === null) return;
  const client = openClient(auth.currentUser);
  try {
    const over = new Promise<void>((resolve) => {
      client.on('status', ({ state }) => {
        if (state !== 'uploading') resolve(); // This includes standby: a page is open, which uploads.
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
