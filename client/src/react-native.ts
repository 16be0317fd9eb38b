/** For React Native: a store on `expo-sqlite` and `expo-file-system`, a backend on `@react-native-firebase`. */
export { expoStore } from './expoStore.ts';
export type { ExpoDatabase, ExpoSqlite } from './expoConnection.ts';
export type { ExpoDirectory, ExpoFile, ExpoFileHandle, ExpoFileSystem, ExpoStoreOptions } from './expoStore.ts';
export { nativeFirebaseBackend, nativeQuery, registerNativeDevice, unregisterNativeDevice } from './nativeFirebase.ts';
export type {
  NativeAuth,
  NativeAuthModule,
  NativeDocument,
  NativeFirebaseBackendOptions,
  NativeFirestoreModule,
  NativeObserver,
  NativeSnapshot,
  NativeUser,
} from './nativeFirebase.ts';
export type { Device } from './sdk.ts';
