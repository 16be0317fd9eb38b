/** Where the index is kept on the device, with the texts that it leads to. */
import { deleteDB, openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import type { BlockData } from './block.ts';

/** What one speaker said without a longer pause. */
export interface IndexedSentence {
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly text: string;
  /** Who speaks, where that is known by name. */
  readonly speaker: string | null;
  /** The number of the voice; null where speakers were not told apart. */
  readonly voice: number | null;
}

export interface IndexedConversation {
  readonly id: string;
  readonly deviceId: string;
  readonly title: string | null;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** In order of time. */
  readonly sentences: readonly IndexedSentence[];
}

export interface StoredBlock {
  /** From 1, the later the higher. */
  readonly key: number;
  readonly data: BlockData;
}

/** Where a conversation counts: the key of its block; 0 while it is in none. */
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
  /** Stores a block, and says that these count in it: all of it or nothing. */
  seal(block: StoredBlock, ids: readonly string[]): Promise<void>;
  /** Deletes a block; these count in none any more. */
  dissolve(key: number, ids: readonly string[]): Promise<void>;
  clear(): Promise<void>;
  /** Something small of the caller's own: up to where changes were read. */
  note(name: string): Promise<unknown>;
  setNote(name: string, value: unknown): Promise<void>;
  close(): Promise<void>;
}

interface Schema extends DBSchema {
  conversations: { key: string; value: IndexedConversation };
  /** Apart from the texts, because it is read as a whole. */
  homes: { key: string; value: number };
  blocks: { key: number; value: BlockData };
  notes: { key: string; value: unknown };
}

/** With another number, what was stored before is deleted and read anew. */
const VERSION = 2;

const STORES = ['conversations', 'homes', 'blocks', 'notes'] as const;

const nameOf = (uid: string): string => `offline-audio-sync-search/${uid}`;

/** Forgets what was kept for a user. */
export function deleteSearchStore(uid: string): Promise<void> {
  return deleteDB(nameOf(uid));
}

/** For one user on this device. */
export async function indexedDbSearchStore(uid: string): Promise<SearchStore> {
  const database: IDBPDatabase<Schema> = await openDB<Schema>(nameOf(uid), VERSION, {
    upgrade(upgraded) {
      for (const name of [...upgraded.objectStoreNames]) upgraded.deleteObjectStore(name);
      for (const name of STORES) upgraded.createObjectStore(name);
    },
    // Another tab deletes it: what was read goes from this browser.
    blocking: () => {
      database.close();
    },
  });
  const change = async (work: (tx: Awaited<ReturnType<typeof begin>>) => void): Promise<void> => {
    const tx = begin();
    work(tx);
    await tx.done;
  };
  const begin = () => database.transaction(STORES, 'readwrite');
  return {
    blocks: async () => {
      const [keys, all] = await Promise.all([database.getAllKeys('blocks'), database.getAll('blocks')]);
      return all.map((data, index) => ({ key: keys[index] ?? 0, data }));
    },
    homes: async () => {
      const [keys, all] = await Promise.all([database.getAllKeys('homes'), database.getAll('homes')]);
      return all.map((block, index) => ({ id: keys[index] ?? '', block }));
    },
    conversation: async (id) => (await database.get('conversations', id)) ?? null,
    idsOfVoices: async (voices) => {
      const found: string[] = [];
      for await (const { value } of database.transaction('conversations').store)
        if (value.sentences.some(({ voice }) => voice !== null && voices.has(voice))) found.push(value.id);
      return found;
    },
    put: (entries) =>
      change((tx) => {
        for (const { conversation, block } of entries) {
          void tx.objectStore('conversations').put(conversation, conversation.id);
          void tx.objectStore('homes').put(block, conversation.id);
        }
      }),
    remove: (ids) =>
      change((tx) => {
        for (const id of ids) {
          void tx.objectStore('conversations').delete(id);
          void tx.objectStore('homes').delete(id);
        }
      }),
    seal: ({ key, data }, ids) =>
      change((tx) => {
        void tx.objectStore('blocks').put(data, key);
        for (const id of ids) void tx.objectStore('homes').put(key, id);
      }),
    dissolve: (key, ids) =>
      change((tx) => {
        void tx.objectStore('blocks').delete(key);
        for (const id of ids) void tx.objectStore('homes').put(0, id);
      }),
    clear: () =>
      change((tx) => {
        for (const name of STORES) void tx.objectStore(name).clear();
      }),
    note: (name) => database.get('notes', name),
    setNote: async (name, value) => {
      await database.put('notes', value, name);
    },
    close: () => {
      database.close();
      return Promise.resolve();
    },
  };
}
