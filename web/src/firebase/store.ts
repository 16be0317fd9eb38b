/** Firestore with a cache on this device, so that the console works offline, and the callable functions. */
import type { DocumentData, Firestore, QueryDocumentSnapshot } from 'firebase/firestore';
import type { Functions } from 'firebase/functions';
import { conversationsPath, NO_LIMIT, userPath } from 'offline-audio-sync-contract';
import type { CallableName, Callables, ConversationDoc, ReadQuery } from 'offline-audio-sync-contract';
import type { Conversation, ConversationTotal } from '../data/model.ts';
import { functionsRegion, hostAndPort, localSuite } from '../env.ts';
import { nextTask } from '../nextTask.ts';
import { once } from '../once.ts';
import { conversationOf, type WishedPreferences } from './documents.ts';

/** Firebase's code is half a megabyte, so it is loaded after the first screen is rendered. */
type Sdk = typeof import('./sdk.ts');

export interface Backend {
  readonly sdk: Sdk;
  readonly db: Firestore;
  readonly functions: Functions;
}

/** Set while the cache still has to be deleted. */
const TO_FORGET = 'firestore-to-forget';

export const connect = once(async (): Promise<Backend> => {
  const sdk = await import('./sdk.ts');
  await nextTask();
  const auth = await sdk.userAuth();
  // The security rules would refuse requests that are sent before the user is known.
  await auth.authStateReady();
  const { app } = auth;
  const localCache = sdk.persistentLocalCache({ tabManager: sdk.persistentMultipleTabManager() });
  const db = sdk.initializeFirestore(app, { localCache });
  const functions = sdk.getFunctions(app, functionsRegion);
  if (localSuite !== null) {
    sdk.connectFirestoreEmulator(db, ...hostAndPort(localSuite.firestore));
    sdk.connectFunctionsEmulator(functions, ...hostAndPort(localSuite.functions));
  }
  const connected = { sdk, db, functions };
  if (localStorage.getItem(TO_FORGET) !== null) await clear(connected);
  return connected;
});

/**
 * Ends the use of Firestore in every tab and deletes its cache, so that the next user of this browser cannot read it. If this is
 * interrupted, the next connection deletes the cache before anything is read.
 * @param closed resolves when nothing in this tab uses Firestore any more
 */
export async function forget(closed: Promise<void>): Promise<void> {
  localStorage.setItem(TO_FORGET, '1');
  await closed;
  const connected = await connect();
  await connected.sdk.terminate(connected.db);
  await clear(connected);
}

async function clear({ sdk, db }: Backend): Promise<void> {
  await sdk.clearIndexedDbPersistence(db);
  localStorage.removeItem(TO_FORGET);
}

export interface Live<T> {
  readonly value: T;
  /** Whether the value comes from this device's cache, because the server has not answered yet. */
  readonly fromCache: boolean;
}

export type Parse<T> = (id: string, data: DocumentData) => T;
export type Listener<T> = (live: Live<T>) => void;
export type Subscribe<T> = (next: Listener<T>, failed: (error: Error) => void) => () => void;

/** The documents of a query, and again whenever they change. */
export function liveQuery<T>(read: ReadQuery, parse: Parse<T>): Subscribe<T[]> {
  return whenConnected(({ sdk, db }, next, failed) => {
    let value: T[] | null = null;
    return sdk.onSnapshot(
      sdk.toQuery(db, read),
      { includeMetadataChanges: true },
      (snapshot) => {
        const { docs, metadata } = snapshot;
        // If the server has answered and no document has changed, the same objects are passed on, so that nothing is rendered again.
        if (value === null || snapshot.docChanges().length > 0)
          value = docs.map((found) => parse(found.id, found.data()));
        next({ value, fromCache: metadata.fromCache });
      },
      failed,
    );
  });
}

/** One document, and again whenever it changes; null if it does not exist. */
export function liveDocument<T>(path: string, parse: Parse<T>): Subscribe<T | null> {
  return whenConnected(({ sdk, db }, next, failed) =>
    sdk.onSnapshot(
      sdk.doc(db, path),
      { includeMetadataChanges: true },
      (found) => {
        next({ value: found.exists() ? parse(found.id, found.data()) : null, fromCache: found.metadata.fromCache });
      },
      failed,
    ),
  );
}

function whenConnected<T>(
  subscribe: (backend: Backend, next: Listener<T>, failed: (error: Error) => void) => () => void,
): Subscribe<T> {
  return (next, failed) => {
    let unsubscribe: (() => void) | null = null;
    let over = false;
    connect()
      // Each subscription begins in its own task, so that a screen with several does not delay answers to clicks.
      .then(async (connected) => {
        await nextTask();
        if (!over) unsubscribe = subscribe(connected, next, failed);
      })
      .catch(failed);
    return () => {
      over = true;
      unsubscribe?.();
    };
  };
}

/**
 * Reads all pages of a query; `onPage` gets all that was read so far. Without a network, the pages come from this device's cache
 * (`fromCache`), and may be all, a part or nothing.
 */
export async function readAll<T>(
  read: ReadQuery,
  parse: Parse<T>,
  { onPage, signal }: { onPage?: (soFar: readonly T[]) => void; signal?: AbortSignal } = {},
): Promise<Live<T[]>> {
  const found: T[] = [];
  let fromCache = false;
  for await (const page of livePages(read, parse, 'getDocs')) {
    if (signal?.aborted === true) break;
    fromCache ||= page.fromCache;
    found.push(...page.value);
    onPage?.([...found]);
  }
  return { value: found, fromCache };
}

/**
 * Reads the pages of a query from the server, one after another. @throws FirestoreError without a network, because the cache may be
 * incomplete
 */
export async function* pagesOf<T>(read: ReadQuery, parse: Parse<T>): AsyncGenerator<readonly T[]> {
  for await (const { value } of livePages(read, parse, 'getDocsFromServer')) yield value;
}

async function* livePages<T>(
  read: ReadQuery,
  parse: Parse<T>,
  get: 'getDocs' | 'getDocsFromServer',
): AsyncGenerator<Live<T[]>> {
  const { sdk, db } = await connect();
  let last: QueryDocumentSnapshot | undefined;
  do {
    const page = await sdk[get](sdk.toQuery(db, read, last));
    yield {
      value: page.docs.map((document) => parse(document.id, document.data())),
      fromCache: page.metadata.fromCache,
    };
    last = page.size === read.limit ? page.docs.at(-1) : undefined;
  } while (last !== undefined);
}

/** Number of documents of a query, without regard to its limit. It needs a network. */
export async function countOf(read: ReadQuery): Promise<number> {
  const { sdk, db } = await connect();
  return (await sdk.getCountFromServer(sdk.toQuery(db, { ...read, limit: NO_LIMIT }))).data().count;
}

/** Number of conversations of a query, and their speech, added up by the server. It needs a network. */
export async function totalOf(read: ReadQuery): Promise<ConversationTotal> {
  const { sdk, db } = await connect();
  const wanted = { conversations: sdk.count(), speechSeconds: sdk.sum('speechSeconds') };
  return (await sdk.getAggregateFromServer(sdk.toQuery(db, read), wanted)).data();
}

/** One document, from the server or else from this device's cache; null if it does not exist. */
export async function readDocument<T>(path: string, parse: Parse<T>): Promise<T | null> {
  const { sdk, db } = await connect();
  const found = await sdk.getDoc(sdk.doc(db, path));
  return found.exists() ? parse(found.id, found.data()) : null;
}

/** Replaces all preferences: a language that is null is removed. */
export async function savePreferences(uid: string, { language, ...others }: WishedPreferences): Promise<void> {
  const { sdk, db } = await connect();
  const preferences = language === null ? others : { language, ...others };
  await sdk.setDoc(sdk.doc(db, userPath(uid)), { preferences }, { mergeFields: ['preferences'] });
}

/** How long to wait for a function before the user is told that it does not answer, milliseconds. */
const CALL_LIMIT_MS = 45_000;
/** The same for the functions that delete everything and that import: their own time limit, milliseconds. */
export const LONG_CALL_LIMIT_MS = 540_000;

/** Calls a function. @throws FirebaseError, which `sentenceOf` turns into a sentence */
export async function call<Name extends CallableName>(
  name: Name,
  data: Callables[Name]['request'],
  timeout = CALL_LIMIT_MS,
): Promise<Callables[Name]['answer']> {
  const { sdk, functions } = await connect();
  const callable = sdk.httpsCallable<Callables[Name]['request'], Callables[Name]['answer']>(functions, name, {
    timeout,
  });
  return (await callable(data)).data;
}

/** What has become of a conversation. */
export type Found =
  | { readonly kind: 'live'; readonly conversation: Conversation }
  | { readonly kind: 'merged'; readonly into: string }
  | { readonly kind: 'gone' };

export function watchConversation(uid: string, id: string): Subscribe<Found> {
  const parse = (found: string, data: DocumentData): Found => {
    const { state, mergedInto } = data as Pick<ConversationDoc, 'state' | 'mergedInto'>;
    if (state === 'live') return { kind: 'live', conversation: conversationOf(found, data) };
    return state === 'merged' && mergedInto !== null ? { kind: 'merged', into: mergedInto } : { kind: 'gone' };
  };
  const subscribe = liveDocument(`${conversationsPath(uid)}/${id}`, parse);
  return (next, failed) =>
    subscribe(({ value, fromCache }) => {
      next({ value: value ?? { kind: 'gone' }, fromCache });
    }, failed);
}
