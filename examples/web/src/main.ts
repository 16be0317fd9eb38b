/** The page: stores dropped recordings, and shows their state. */
import { onAuthStateChanged, signInAnonymously } from 'firebase/auth';
import { auth, openClient } from './client.ts';

const files = document.querySelector<HTMLInputElement>('#files');
const list = document.querySelector('#recordings');
const status = document.querySelector('#status');

const worker = navigator.serviceWorker.register('/sw.js', { type: 'module' });

onAuthStateChanged(auth, async (user) => {
  if (user === null) return void signInAnonymously(auth);
  const client = openClient(user);
  const show = (): void => {
    const rows = client.recordings().map(({ name, state, failure }) => {
      const row = document.createElement('li');
      row.textContent = `${name}: ${state} ${failure?.message ?? ''}`;
      return row;
    });
    list?.replaceChildren(...rows);
  };
  client.on('recording', show);
  client.on('status', ({ state }) => {
    if (status !== null) status.textContent = state;
  });
  await client.start();
  show();
  files?.addEventListener('change', async () => {
    for (const file of files.files ?? []) await client.add({ name: file.name, data: file, deviceId: 'web1' });
    // If the page is closed before they are uploaded, the service worker continues, in browsers with Background Sync.
    const { sync } = (await worker) as ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } };
    await sync?.register('upload').catch(() => undefined);
  });
});
