/** The client library, set up for the console. It is loaded separately from the screens, and before Firebase. */
import { createSyncClient, SyncError, type Backend, type SyncClient } from 'offline-audio-sync-client';
import { indexedDbStore } from 'offline-audio-sync-client/indexeddb';
import { functionsOrigin, STORAGE_ORIGIN } from 'offline-audio-sync-contract';
import { appCheckSiteKey, functionsRegion, localSuite } from '../env.ts';
import { firebaseConfig } from '../firebase/config.ts';
import { connect } from '../firebase/store.ts';
import { later } from '../nextTask.ts';
import { lateBackend } from './lateBackend.ts';

export async function openSyncClient(uid: string): Promise<SyncClient> {
  const { projectId = '' } = await firebaseConfig();
  const backend = lateBackend(() => backendOf(uid), {
    functionsUrl:
      localSuite === null
        ? functionsOrigin(functionsRegion, projectId)
        : `${localSuite.functions}/${projectId}/${functionsRegion}`,
    storageUrl: localSuite?.storage ?? STORAGE_ORIGIN,
    ...(appCheckSiteKey === null
      ? {}
      : { appCheckToken: async () => (await import('../firebase/appCheck.ts')).appCheckToken() }),
  });
  return createSyncClient({ store: indexedDbStore({ uid }), backend });
}

/** @throws SyncError if another user is signed in than expected, or none */
async function backendOf(uid: string): Promise<Backend> {
  const { sdk, db } = await connect();
  const auth = await sdk.userAuth();
  if (auth.currentUser?.uid !== uid) throw new SyncError('signed_out');
  return sdk.firebaseBackend({ app: auth.app, auth, firestore: db });
}

/** Wait after the store could not be read, milliseconds. */
const LOOK_AGAIN_MS = 10_000;

/** Resolves when the client has read its store. It retries automatically, and reports errors. */
export async function started(client: SyncClient): Promise<void> {
  for (;;) {
    try {
      await client.start();
      return;
    } catch (error) {
      if (error instanceof SyncError) return; // The client was closed meanwhile.
    }
    await later(LOOK_AGAIN_MS);
  }
}
