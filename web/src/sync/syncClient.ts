/** The client library, set up for the console: loaded with Firebase, apart from the screens. */
import { createSyncClient, SyncError, type SyncClient } from 'offline-audio-sync-client';
import { indexedDbStore } from 'offline-audio-sync-client/indexeddb';
import { appCheckSiteKey, functionsRegion, localSuite } from '../env.ts';
import { connect } from '../firebase/store.ts';
import { later } from '../nextTask.ts';

export async function openSyncClient(uid: string): Promise<SyncClient> {
  const { sdk, db } = await connect();
  const auth = await sdk.userAuth();
  const { app } = auth;
  const local =
    localSuite === null
      ? {}
      : {
          functionsUrl: `${localSuite.functions}/${app.options.projectId ?? ''}/${functionsRegion}`,
          storageUrl: localSuite.storage,
        };
  const check =
    appCheckSiteKey === null ? {} : { appCheckToken: (await import('../firebase/appCheck.ts')).appCheckToken };
  const backend = sdk.firebaseBackend({ app, auth, firestore: db, region: functionsRegion, ...local, ...check });
  return createSyncClient({ store: indexedDbStore({ uid }), backend });
}

/** After a store that could not be read, milliseconds. */
const LOOK_AGAIN_MS = 10_000;

/** Resolves when the client has read its store: it tries again by itself, and tells what is wrong. */
export async function started(client: SyncClient): Promise<void> {
  for (;;) {
    try {
      await client.start();
      return;
    } catch (error) {
      if (error instanceof SyncError) return; // It was closed meanwhile.
    }
    await later(LOOK_AGAIN_MS);
  }
}
