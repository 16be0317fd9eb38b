import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deleteApp, initializeApp } from 'firebase/app';
import * as firestore from 'firebase/firestore';
import { closeAfterEach, removeFolder } from '../../../dev/test/closing.ts';
import { toQuery } from '../../src/firebase.ts';
import { expoStore, nativeFirebaseBackend, nativeQuery, registerNativeDevice } from '../../src/react-native.ts';
import type { ExpoDatabase, NativeFirestoreModule } from '../../src/react-native.ts';
import { newestConversations, unacknowledgedJobs, usageSince } from '../../src/reading.ts';
import { storeContract } from '../../src/testing.ts';
import { expoModules } from '../support/expoModules.ts';
import { STORAGE } from '../support/fakeServer.ts';
import type { Fault } from '../support/fakeServer.ts';
import { NETWORK_FAULTS } from '../support/faults.ts';
import { polyfillAbort } from '../support/polyfill.ts';
import { HOUR_MS, states, World } from '../support/world.ts';

describe('The store on expo-sqlite and expo-file-system', () => {
  let root: string;
  const closing = closeAfterEach();
  beforeEach(() => {
    root = closing(mkdtempSync(path.join(os.tmpdir(), 'expo-store-')), removeFolder);
  });
  const open = (uid = 'an/n') => expoStore({ uid, ...expoModules(root) });
  const folderOf = (uid: string) => path.join(root, `offline-audio-sync-${uid}`);

  storeContract({ create: () => Promise.resolve(open()), reopen: () => Promise.resolve(open()) });

  it('separates users, whatever characters their ids have', async () => {
    const uids = ['a', 'A', 'a_', 'a.', '..', 'ä', 'a_2e_'];
    for (const uid of uids) await open(uid).put(new Map([['key', { uid }]]));
    for (const uid of uids) assert.deepEqual((await open(uid).entries()).get('key'), { uid });
  });

  it('stores neither audio nor entry if one of them cannot be stored, and leaves no file', async () => {
    let isFull = false;
    const store = expoStore({ uid: 'ann', ...expoModules(root, (sql) => isFull && sql.includes('entries')) });
    await store.putAudio('one', Uint8Array.of(1), new Map([['recording/one', { size: 1 }]]));
    isFull = true;
    const entry = new Map([['recording/one', { size: 2 }]]);
    await assert.rejects(store.putAudio('one', Uint8Array.of(2, 2), entry), /full/);
    await assert.rejects(store.removeAudio('one', ['recording/one']), /full/);
    isFull = false;
    assert.deepEqual(await store.readAudio('one', 0, 9), Uint8Array.of(1));
    assert.deepEqual((await store.entries()).get('recording/one'), { size: 1 });
    assert.equal(readdirSync(folderOf('ann')).length, 1);
  });

  it('leaves out a damaged entry, without changing it', async () => {
    const store = open('ann');
    await store.put(new Map([['whole', { here: true }]]));
    const db = await expoModules(root).sqlite.openDatabaseAsync('offline-audio-sync-ann.db');
    for (const value of ['{"her', '', '7'])
      await db.runAsync('INSERT INTO entries (key, value) VALUES (?, ?)', [`damaged ${value}`, value]);
    assert.deepEqual(await store.entries(), new Map([['whole', { here: true }]]));
    assert.equal((await db.getAllAsync('SELECT key FROM entries', [])).length, 4);
  });

  it('reopens its database within the same call if the system closed it in the background', async () => {
    const { sqlite, fileSystem } = expoModules(root);
    let taken: ExpoDatabase | undefined;
    const openDatabaseAsync = async (name: string): Promise<ExpoDatabase> =>
      (taken = await sqlite.openDatabaseAsync(name));
    const store = expoStore({ uid: 'ann', sqlite: { openDatabaseAsync }, fileSystem });
    const one = new Map([['recording/one', { size: 1 }]]);
    await store.putAudio('one', Uint8Array.of(1), one);
    await taken?.closeAsync();
    assert.deepEqual(await store.entries(), one);
    await taken?.closeAsync();
    await store.putAudio('two', Uint8Array.of(2), new Map([['recording/two', { size: 1 }]]));
    await taken?.closeAsync();
    assert.deepEqual(await store.readAudio('two', 0, 9), Uint8Array.of(2));
    await taken?.closeAsync();
    await store.removeAudio('one', ['recording/one']);
    assert.deepEqual([(await store.entries()).size, await store.audioIds()], [1, ['two']]);
    assert.equal(readdirSync(folderOf('ann')).length, 1, 'no file of what was removed is left');
  });

  it('deletes the files of a process that died while it wrote audio', async () => {
    await open('ann').putAudio('kept', Uint8Array.of(1), new Map());
    writeFileSync(path.join(folderOf('ann'), 'torn'), 'half');
    const store = open('ann');
    assert.deepEqual(await store.audioIds(), ['kept']);
    assert.equal(readdirSync(folderOf('ann')).length, 1);
  });
});

describe('The backend on React Native Firebase', () => {
  const app = initializeApp({ projectId: 'demo', apiKey: 'key' }, 'react-native');
  const db = firestore.getFirestore(app);
  after(() => deleteApp(app));
  /** Its modular API is that of Firebase's own SDK. */
  const module = { ...firestore, getFirestore: () => db } as unknown as NativeFirestoreModule;

  it('sends the same queries as the backend on Firebase’s SDK', () => {
    for (const read of [newestConversations('ann'), unacknowledgedJobs('ann'), usageSince('ann', '2025-10-09')]) {
      assert.ok(firestore.queryEqual(nativeQuery(module, read) as firestore.Query, toQuery(db, read)));
    }
  });

  it('belongs only to the user who was signed in when it was created', async () => {
    const auth = { currentUser: { uid: 'ann' } as { uid: string } | null };
    const listeners: (() => void)[] = [];
    const authModule = {
      getAuth: () => auth,
      getIdToken: (user: { uid: string }, refresh?: boolean) => Promise.resolve(`${user.uid} ${String(refresh)}`),
      onAuthStateChanged: (_: object, listener: () => void) => {
        listeners.push(listener);
        return () => undefined;
      },
    };
    const backend = nativeFirebaseBackend({
      projectId: 'demo',
      auth: authModule,
      firestore: module,
      region: 'somewhere1',
    });
    assert.equal(backend.functionsUrl, 'https://somewhere1-demo.cloudfunctions.net');
    assert.equal(await backend.idToken(true), 'ann true');
    let signIns = 0;
    backend.onSignIn?.(() => (signIns += 1));
    auth.currentUser = { uid: 'bob' };
    assert.equal(await backend.idToken(false), null);
    for (const listener of listeners) listener();
    auth.currentUser = { uid: 'ann' };
    for (const listener of listeners) listener();
    assert.equal(signIns, 1);
    auth.currentUser = null;
    assert.throws(() => nativeFirebaseBackend({ projectId: 'demo', auth: authModule, firestore: module }), {
      code: 'signed_out',
    });
  });

  it('refuses a device id that the server would refuse', async () => {
    const device = {
      uid: 'ann',
      deviceId: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
      token: 't',
      platform: 'ios',
    } as const;
    await assert.rejects(registerNativeDevice(module, device), { code: 'bad_device_id' });
  });
});

describe('A client with the AbortController of React Native', () => {
  const FAULTS: readonly Fault[] = [...NETWORK_FAULTS, 'hang', 'failing'];

  /** What becomes of some recordings while the first requests meet this fault. */
  async function live(fault: Fault, way: 'multipart' | 'direct') {
    const world = new World();
    const client = await world.client({
      random: () => 0.5,
      ...(way === 'direct' && { limits: { maxRequestBytes: 1 } }),
    });
    for (let i = 0; i < 2; i++) await world.add(client, 300_000);
    world.server.faults = Array.from({ length: 20 }, (): Fault => fault);
    await world.clock.advance(1500);
    const atFirst = world.server.requests.length;
    await world.clock.advance(2 * HOUR_MS);
    assert.ok(world.server.faults.length < 16, 'the fault was met');
    const verdict = { states: states(client), transcribed: [...world.server.transcribed.values()] };
    const requests = world.server.requests.length;
    const toStorage = world.server.requests.filter((request) => request.includes('/session')).length;
    await client.dispose();
    return { verdict, requests, atFirst, toStorage };
  }

  for (const way of ['multipart', 'direct'] as const) {
    for (const fault of FAULTS) {
      it(`ends in the same state, with as many requests, after "${fault}" (${way})`, async () => {
        const expected = await live(fault, way);
        const restore = polyfillAbort();
        const polyfilled = await live(fault, way).finally(restore);
        assert.deepEqual(polyfilled.verdict, expected.verdict);
        assert.ok(expected.verdict.states.every((state) => state === 'synced'));
        assert.ok(Math.abs(polyfilled.requests - expected.requests) <= expected.requests * 0.1);
        assert.ok(polyfilled.atFirst <= 20, `${polyfilled.atFirst} requests in a second and a half`);
        assert.ok(way === 'multipart' || expected.toStorage > 0, STORAGE);
      });
    }
  }
});
