/** Firestore, kept on this device so that the console shows what it knows offline, and the callables. */
import type { DocumentData, Firestore, QueryDocumentSnapshot } from 'firebase/firestore';
import type { Functions } from 'firebase/functions';
import { conversationsPath, NO_LIMIT, userPath } from 'offline-audio-sync-contract';
import type { CallableName, Callables, ConversationDoc, ReadQuery } from 'offline-audio-sync-contract';
import type { Conversation, ConversationTotal } from '../data/model.ts';
import { functionsRegion, hostAndPort, localSuite } from '../env.ts';
import { nextTask } from '../nextTask.ts';
import { once } from '../once.ts';
import { conversationOf, type WishedPreferences } from './documents.ts';

/** Firebase's own code is half a megabyte: it is loaded when the first screen is painted. */
type Sdk = typeof import('./sdk.ts');

export interface Backend {
  readonly sdk: Sdk;
  readonly db: Firestore;
  readonly functions: Functions;
}

/** Kept while what was read is still to be deleted. */
const TO_FORGET = 'firestore-to-forget';

export const connect = once(async (): Promise<Backend> => {
  const sdk = await import('./sdk.ts');
  await nextTask();
  const auth = await sdk.userAuth();
  // Without it, rules would refuse what is asked for too early.
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
 * Ends everything, in every tab, and forgets what was read: the next user of this browser shall not find it. Cut off in the
 * middle, it is made up for before anything is read again.
 * @param closed when nothing here uses it any more
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
  /** What is kept on this device: the server has not answered (yet). */
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
  for await (const page of livePages(read, parse, 'getDocs')) {
    if (signal?.aborted === true) break;
    fromCache ||= page.fromCache;
    found.push(...page.value);
    onPage?.([...found]);
  }
  return { value: found, fromCache };
}

/** The pages of a query, one after another, as the server has them. @throws FirestoreError without a network: a part is not the whole */
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

/** How many documents a query has, whatever its limit. Needs a network. */
export async function countOf(read: ReadQuery): Promise<number> {
  const { sdk, db } = await connect();
  return (await sdk.getCountFromServer(sdk.toQuery(db, { ...read, limit: NO_LIMIT }))).data().count;
}

/** How many conversations a query has, and how long was spoken in them, added up by the server. Needs a network. */
export async function totalOf(read: ReadQuery): Promise<ConversationTotal> {
  const { sdk, db } = await connect();
  const wanted = { conversations: sdk.count(), speechSeconds: sdk.sum('speechSeconds') };
  return (await sdk.getAggregateFromServer(sdk.toQuery(db, read), wanted)).data();
}

/** One document as it is now, or as this device has kept it; null where there is none. */
export async function readDocument<T>(path: string, parse: Parse<T>): Promise<T | null> {
  const { sdk, db } = await connect();
  const found = await sdk.getDoc(sdk.doc(db, path));
  return found.exists() ? parse(found.id, found.data()) : null;
}

/** All of them: a language that is not wished for any more goes. */
export async function savePreferences(uid: string, { language, ...others }: WishedPreferences): Promise<void> {
  const { sdk, db } = await connect();
  const preferences = language === null ? others : { language, ...others };
  await sdk.setDoc(sdk.doc(db, userPath(uid)), { preferences }, { mergeFields: ['preferences'] });
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
