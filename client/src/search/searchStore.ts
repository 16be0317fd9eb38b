/** Stores the index on the device, with the texts. */
import { deleteDB } from 'idb';
import type { DBSchema } from 'idb';
import { Database } from '../database.ts';
import type { DatabaseTransaction } from '../database.ts';
import type { BlockData } from './block.ts';

/** What one speaker said without a longer pause. */
export interface IndexedSentence {
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly text: string;
  /** The speaker's name, if it is known. */
  readonly speaker: string | null;
  /** The number of the voice; null if speakers were not told apart. */
  readonly voice: number | null;
}

export interface IndexedConversation {
  readonly id: string;
  readonly deviceId: string;
  readonly title: string | null;
  readonly starred: boolean;
  readonly tags: readonly string[];
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** In order of time. */
  readonly sentences: readonly IndexedSentence[];
}

export interface StoredBlock {
  /** From 1. Later blocks have higher keys. */
  readonly key: number;
  readonly data: BlockData;
}

/** The key of a conversation's valid block; 0 while it is in none. */
export interface Home {
  readonly id: string;
  readonly block: number;
}

export interface SearchStore {
  blocks(): Promise<readonly StoredBlock[]>;
  homes(): Promise<readonly Home[]>;
  conversation(id: string): Promise<IndexedConversation | null>;
  /** The conversations in which one of these voices speaks. */
  idsOfVoices(voices: ReadonlySet<number>): Promise<readonly string[]>;
  put(entries: readonly { readonly conversation: IndexedConversation; readonly block: number }[]): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  /** Stores a block, and makes it valid for these conversations, atomically. */
  seal(block: StoredBlock, ids: readonly string[]): Promise<void>;
  /** Deletes a block. These conversations are then in none. */
  dissolve(key: number, ids: readonly string[]): Promise<void>;
  clear(): Promise<void>;
  /** A small value of the caller: the point up to which changes were read. */
  note(name: string): Promise<unknown>;
  setNote(name: string, value: unknown): Promise<void>;
  close(): Promise<void>;
}

interface Schema extends DBSchema {
  conversations: { key: string; value: IndexedConversation };
  /** Separate from the texts, because all of it is read at the start. */
  homes: { key: string; value: number };
  blocks: { key: number; value: BlockData };
  notes: { key: string; value: unknown };
}

type Transaction<Mode extends IDBTransactionMode> = DatabaseTransaction<Schema, Mode>;

/** A new number deletes the stored index, which is then built again. */
const VERSION = 3;

const STORES = ['conversations', 'homes', 'blocks', 'notes'] as const;

const nameOf = (uid: string): string => `offline-audio-sync-search/${uid}`;

/** Deletes the index of a user. */
export function deleteSearchStore(uid: string): Promise<void> {
  return deleteDB(nameOf(uid));
}

/** The store for one user on this device. */
export async function indexedDbSearchStore(uid: string): Promise<SearchStore> {
  const database = new Database<Schema>({
    name: nameOf(uid),
    version: VERSION,
    upgrade: (db) => {
      for (const name of [...db.objectStoreNames]) db.deleteObjectStore(name);
      for (const name of STORES) db.createObjectStore(name);
    },
  });
  const read = <T>(work: (tx: Transaction<'readonly'>) => Promise<T>): Promise<T> => database.run('readonly', work);
  const change = async (work: (tx: Transaction<'readwrite'>) => Promise<unknown>[]): Promise<void> => {
    // Writes that a crash undoes are repeated by the next update.
    await database.run('readwrite', (tx) => Promise.all(work(tx)), 'relaxed');
  };
  // Fails now if the browser stores nothing.
  await read(() => Promise.resolve());
  return {
    blocks: () =>
      read(async (tx) => {
        const blocks = tx.objectStore('blocks');
        const [keys, all] = await Promise.all([blocks.getAllKeys(), blocks.getAll()]);
        return all.map((data, index) => ({ key: keys[index] ?? 0, data }));
      }),
    homes: () =>
      read(async (tx) => {
        const homes = tx.objectStore('homes');
        const [keys, all] = await Promise.all([homes.getAllKeys(), homes.getAll()]);
        return all.map((block, index) => ({ id: keys[index] ?? '', block }));
      }),
    conversation: async (id) => (await read((tx) => tx.objectStore('conversations').get(id))) ?? null,
    idsOfVoices: (voices) =>
      read(async (tx) => {
        const found: string[] = [];
        for await (const { value } of tx.objectStore('conversations'))
          if (value.sentences.some(({ voice }) => voice !== null && voices.has(voice))) found.push(value.id);
        return found;
      }),
    put: (entries) =>
      change((tx) =>
        entries.flatMap(({ conversation, block }) => [
          tx.objectStore('conversations').put(conversation, conversation.id),
          tx.objectStore('homes').put(block, conversation.id),
        ]),
      ),
    remove: (ids) =>
      change((tx) =>
        ids.flatMap((id) => [tx.objectStore('conversations').delete(id), tx.objectStore('homes').delete(id)]),
      ),
    seal: ({ key, data }, ids) =>
      change((tx) => [
        tx.objectStore('blocks').put(data, key),
        ...ids.map((id) => tx.objectStore('homes').put(key, id)),
      ]),
    dissolve: (key, ids) =>
      change((tx) => [tx.objectStore('blocks').delete(key), ...ids.map((id) => tx.objectStore('homes').put(0, id))]),
    clear: () => change((tx) => STORES.map((name) => tx.objectStore(name).clear())),
    note: (name) => read((tx) => tx.objectStore('notes').get(name)),
    setNote: (name, value) => change((tx) => [tx.objectStore('notes').put(value, name)]),
    close: () => {
      database.close();
      return Promise.resolve();
    },
  };
}
