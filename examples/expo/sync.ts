/** The client of an Expo app, for the user who is signed in. */
import { getApp } from '@react-native-firebase/app';
import * as auth from '@react-native-firebase/auth';
import * as firestore from '@react-native-firebase/firestore';
import * as FileSystem from 'expo-file-system';
import * as SQLite from 'expo-sqlite';
import { createSyncClient } from 'offline-audio-sync-client';
import type { Network, SyncClient } from 'offline-audio-sync-client';
import { expoStore, nativeFirebaseBackend, registerNativeDevice } from 'offline-audio-sync-client/react-native';

/** @param network an implementation with `@react-native-community/netinfo` @throws SyncError `signed_out` */
export function clientFor(uid: string, network: Network): SyncClient {
  return createSyncClient({
    store: expoStore({ uid, sqlite: SQLite, fileSystem: FileSystem }),
    backend: nativeFirebaseBackend({ projectId: getApp().options.projectId ?? '', auth, firestore }),
    network,
    uploadOn: 'unmetered',
  });
}

/** Registers the device for pushes. Call it at every launch, and whenever FCM gives a new token. */
export function register(uid: string, deviceId: string, token: string): Promise<void> {
  return registerNativeDevice(firestore, { uid, deviceId, token, platform: 'android' });
}
