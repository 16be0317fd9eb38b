/** Firestore, kept on this device so that the console shows what it knows offline, and the callables. */
import {
  clearIndexedDbPersistence,
  connectFirestoreEmulator,
  count,
  doc,
  getAggregateFromServer,
  getCountFromServer,
  getDoc,
  getDocs,
  getDocsFromServer,
  initializeFirestore,
  onSnapshot,
  setDoc,
  persistentLocalCache,
  persistentMultipleTabManager,
  sum,
  terminate,
  type DocumentData,
  type Firestore,
  type QueryDocumentSnapshot,
} from 'firebase/firestore';
import { connectFunctionsEmulator, getFunctions, httpsCallable, type Functions } from 'firebase/functions';
import { toQuery } from 'offline-audio-sync-client/firebase';
import { conversationsPath, NO_LIMIT, userPath } from 'offline-audio-sync-contract';
import type { CallableName, Callables, ConversationDoc, ReadQuery } from 'offline-audio-sync-contract';
import type { Conversation, ConversationTotal } from '../data/model.ts';
import { functionsRegion, hostAndPort, localSuite } from '../env.ts';
import { nextTask } from '../nextTask.ts';
import { firebaseApp } from './app.ts';
import { userAuth } from './auth.ts';
import { conversationOf, type WishedPreferences } from './documents.ts';

export interface Backend {
  readonly db: Firestore;
  readonly functions: Functions;
}

let backend: Promise<Backend> | null = null;

/** Kept while what was read is still to be deleted. */
const TO_FORGET = 'firestore-to-forget';

export function connect(): Promise<Backend> {
  backend ??= start();
  return backend;
}

async function start(): Promise<Backend> {
  const app = await firebaseApp();
  await userAuth();
  const localCache = persistentLocalCache({ tabManager: persistentMultipleTabManager() });
  const db = initializeFirestore(app, { localCache });
  const functions = getFunctions(app, functionsRegion);
  if (localSuite !== null) {
    connectFirestoreEmulator(db, ...hostAndPort(localSuite.firestore));
    connectFunctionsEmulator(functions, ...hostAndPort(localSuite.functions));
  }
  if (localStorage.getItem(TO_FORGET) !== null) await clear(db);
  return { db, functions };
}

/**
 * Ends everything, in every tab, and forgets what was read: the next user of this browser shall not find it. Cut off in the
 * middle, it is made up for before anything is read again.
 * @param closed when nothing here uses it any more
 */
export async function forget(closed: Promise<void>): Promise<void> {
  localStorage.setItem(TO_FORGET, '1');
  await closed;
  const { db } = await connect();
  await terminate(db);
  await clear(db);
}

async function clear(db: Firestore): Promise<void> {
  await clearIndexedDbPersistence(db);
  localStorage.removeItem(TO_FORGET);
}

export interface Live<T> {
  readonly value: T;
  /** What is kept on this device: the server has not answered (yet). */
  readonly fromCache: boolean;
}

export type Parse<T> = (id: string, data: DocumentData) => T;
export type Listener<T> = (live: Live<T>) => void;
export type Subscribe<T> = (next: Listener<T>, failed: (error: Error) => void) => () => void;

/** The documents of a query, and again whenever they change. */
export function liveQuery<T>(read: ReadQuery, parse: Parse<T>): Subscribe<T[]> {
  return whenConnected(({ db }, next, failed) => {
    let value: T[] | null = null;
    return onSnapshot(
      toQuery(db, read),
      { includeMetadataChanges: true },
      (snapshot) => {
        const { docs, metadata } = snapshot;
        // The server has answered, and the documents are the same: so is everything that was made of them.
        if (value === null || snapshot.docChanges().length > 0)
          value = docs.map((found) => parse(found.id, found.data()));
        next({ value, fromCache: metadata.fromCache });
      },
      failed,
    );
  });
}

/** One document, and again whenever it changes; null where there is none. */
export function liveDocument<T>(path: string, parse: Parse<T>): Subscribe<T | null> {
  return whenConnected(({ db }, next, failed) =>
    onSnapshot(
      doc(db, path),
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
      // In a task of its own: a screen asks for several things at once, and each is some work.
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
 * All pages of a query; `onPage` gets what there is so far. Without a network, it is what this device has kept of them
 * (`fromCache`): it may be a part of it, or nothing.
 */
export async function readAll<T>(
  read: ReadQuery,
  parse: Parse<T>,
  { onPage, signal }: { onPage?: (soFar: readonly T[]) => void; signal?: AbortSignal } = {},
): Promise<Live<T[]>> {
  const found: T[] = [];
  let fromCache = false;
  for await (const page of livePages(read, parse, getDocs)) {
    if (signal?.aborted === true) break;
    fromCache ||= page.fromCache;
    found.push(...page.value);
    onPage?.([...found]);
  }
  return { value: found, fromCache };
}

/** The pages of a query, one after another, as the server has them. @throws FirestoreError without a network: a part is not the whole */
export async function* pagesOf<T>(read: ReadQuery, parse: Parse<T>): AsyncGenerator<readonly T[]> {
  for await (const { value } of livePages(read, parse, getDocsFromServer)) yield value;
}

async function* livePages<T>(read: ReadQuery, parse: Parse<T>, get: typeof getDocs): AsyncGenerator<Live<T[]>> {
  const { db } = await connect();
  let last: QueryDocumentSnapshot | undefined;
  do {
    const page = await get(toQuery(db, read, last));
    yield {
      value: page.docs.map((document) => parse(document.id, document.data())),
      fromCache: page.metadata.fromCache,
    };
    last = page.size === read.limit ? page.docs.at(-1) : undefined;
  } while (last !== undefined);
}

/** How many documents a query has, whatever its limit. Needs a network. */
export async function countOf(read: ReadQuery): Promise<number> {
  const { db } = await connect();
  return (await getCountFromServer(toQuery(db, { ...read, limit: NO_LIMIT }))).data().count;
}

/** How many conversations a query has, and how long was spoken in them, added up by the server. Needs a network. */
export async function totalOf(read: ReadQuery): Promise<ConversationTotal> {
  const { db } = await connect();
  const wanted = { conversations: count(), speechSeconds: sum('speechSeconds') };
  return (await getAggregateFromServer(toQuery(db, read), wanted)).data();
}

/** One document as it is now, or as this device has kept it; null where there is none. */
export async function readDocument<T>(path: string, parse: Parse<T>): Promise<T | null> {
  const { db } = await connect();
  const found = await getDoc(doc(db, path));
  return found.exists() ? parse(found.id, found.data()) : null;
}

/** All of them: a language that is not wished for any more goes. */
export async function savePreferences(uid: string, { language, ...others }: WishedPreferences): Promise<void> {
  const { db } = await connect();
  const preferences = language === null ? others : { language, ...others };
  await setDoc(doc(db, userPath(uid)), { preferences }, { mergeFields: ['preferences'] });
}

/** How long a function may take before a person is told that it does not answer, milliseconds. */
const CALL_LIMIT_MS = 45_000;
/** The functions that delete everything and that bring in work for so long at most, milliseconds. */
export const LONG_CALL_LIMIT_MS = 540_000;

/** Calls one of the functions. @throws FirebaseError, which `sentenceOf` puts into words. */
export async function call<Name extends CallableName>(
  name: Name,
  data: Callables[Name]['request'],
  timeout = CALL_LIMIT_MS,
): Promise<Callables[Name]['answer']> {
  const { functions } = await connect();
  const callable = httpsCallable<Callables[Name]['request'], Callables[Name]['answer']>(functions, name, { timeout });
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
