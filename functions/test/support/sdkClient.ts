/** An app with Firebase's client SDK, signed in as a new user, that calls `createSyncJob`. */
import { createHash, randomUUID } from 'node:crypto';
import { DEFAULT_REGION } from 'offline-audio-sync-contract';
import { deleteApp, initializeApp } from 'firebase/app';
import type { FirebaseApp } from 'firebase/app';
import {
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  initializeAuth,
  inMemoryPersistence,
} from 'firebase/auth';
import type { User } from 'firebase/auth';
import { connectFunctionsEmulator, getFunctions, httpsCallable } from 'firebase/functions';
import { connectStorageEmulator, getStorage, ref, uploadBytesResumable } from 'firebase/storage';
import type { UploadTask } from 'firebase/storage';
import type { CreatedJobView } from 'offline-audio-sync-contract';
import { requiredVariable } from './suite.ts';

export interface ManifestFile {
  readonly name: string;
  readonly size_bytes: number;
  readonly md5?: string;
}

export interface Manifest {
  readonly files: readonly ManifestFile[];
  readonly device_id?: string;
  readonly conversation_id?: string;
  readonly clock_offset_ms?: number;
  readonly idempotency_key?: string;
}

export class SdkClient {
  readonly #app: FirebaseApp;
  readonly user: User;

  private constructor(app: FirebaseApp, user: User) {
    this.#app = app;
    this.user = user;
  }

  static async signUp(): Promise<SdkClient> {
    const projectId = requiredVariable('GCLOUD_PROJECT');
    const config = { projectId, apiKey: 'any', storageBucket: `${projectId}.appspot.com` };
    const app = initializeApp(config, randomUUID());
    const auth = initializeAuth(app, { persistence: inMemoryPersistence });
    connectAuthEmulator(auth, `http://${requiredVariable('FIREBASE_AUTH_EMULATOR_HOST')}`, { disableWarnings: true });
    connectStorageEmulator(getStorage(app), ...hostAndPort(requiredVariable('FIREBASE_STORAGE_EMULATOR_HOST')));
    const functionsHost = new URL(requiredVariable('FUNCTIONS_EMULATOR_ORIGIN')).host;
    connectFunctionsEmulator(getFunctions(app, DEFAULT_REGION), ...hostAndPort(functionsHost));
    const { user } = await createUserWithEmailAndPassword(auth, `${randomUUID()}@example.com`, 'correct horse');
    return new SdkClient(app, user);
  }

  get uid(): string {
    return this.user.uid;
  }

  async close(): Promise<void> {
    await deleteApp(this.#app);
  }

  idToken(): Promise<string> {
    return this.user.getIdToken();
  }

  async createJob(manifest: Manifest): Promise<CreatedJobView> {
    return this.call<CreatedJobView>('createSyncJob', manifest);
  }

  /** @throws FunctionsError as an app gets it */
  async call<View>(name: string, data: unknown): Promise<View> {
    const callable = httpsCallable<unknown, View>(getFunctions(this.#app, DEFAULT_REGION), name);
    return (await callable(data)).data;
  }

  /** Starts an upload, which can be awaited, paused, resumed and cancelled. */
  upload(path: string, bytes: Uint8Array): UploadTask {
    return uploadBytesResumable(ref(getStorage(this.#app), path), bytes);
  }
}

export function declared(name: string, bytes: Uint8Array): ManifestFile & { readonly md5: string } {
  return { name, size_bytes: bytes.length, md5: md5Of(bytes) };
}

/** Base64. */
export function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64');
}

function hostAndPort(address: string): [string, number] {
  const [host = '', port] = address.split(':');
  return [host, Number(port)];
}
