/** A gateway: uploads every recording in a folder, and keeps those that are not uploaded yet. `node lib/gateway.js FOLDER` */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { initializeApp } from 'firebase/app';
import { connectAuthEmulator, getAuth, signInAnonymously, signInWithCustomToken } from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore } from 'firebase/firestore';
import { createSyncClient } from 'offline-audio-sync-client';
import { firebaseBackend } from 'offline-audio-sync-client/firebase';
import { fileStore, nodeMd5 } from 'offline-audio-sync-client/node';

const [folder = '.'] = process.argv.slice(2);
const { PROJECT_ID: projectId = 'demo-offline-audio-sync', API_KEY: apiKey = 'local', CUSTOM_TOKEN } = process.env;
const app = initializeApp({ projectId, apiKey });
const auth = getAuth(app);
const local = CUSTOM_TOKEN === undefined; // The suite of `npm start`.
if (local) {
  connectAuthEmulator(auth, 'http://127.0.0.1:9099', { disableWarnings: true });
  connectFirestoreEmulator(getFirestore(app), '127.0.0.1', 8080);
}
const { user } = local ? await signInAnonymously(auth) : await signInWithCustomToken(auth, CUSTOM_TOKEN);

const client = createSyncClient({
  store: fileStore({ directory: path.join(folder, '.offline-audio-sync', user.uid) }),
  backend: firebaseBackend({
    app,
    ...(local && {
      functionsUrl: `http://127.0.0.1:5001/${projectId}/us-central1`,
      storageUrl: 'http://127.0.0.1:9199',
    }),
  }),
  createMd5: nodeMd5,
  onCompletion: ({ jobId, newConversationIds }) => {
    console.log(`Job ${jobId} has ended: ${newConversationIds.length} new conversations.`);
  },
});
client.on('recording', ({ name, state, failure }) => {
  console.log(name, state, failure?.message ?? '');
});
await client.start();

const known = new Set(client.recordings().map(({ name }) => name));
for (const name of await readdir(folder)) {
  if (known.has(name) || !/\.(bin|wav|m4a|ogg|flac)$/.test(name)) continue;
  await client.add({ name, data: await readFile(path.join(folder, name)), deviceId: 'gateway1' });
}
process.on('SIGTERM', () => void client.dispose().then(() => process.exit(0)));
