/** Stores in memory what a browser stores on disk, for tests and measurements without the disk. */
import type { IndexedConversation, SearchStore, StoredBlock } from '../../src/search/index.ts';

export function memorySearchStore(): SearchStore {
  const conversations = new Map<string, IndexedConversation>();
  const homes = new Map<string, number>();
  const blocks = new Map<number, StoredBlock>();
  const notes = new Map<string, unknown>();
  const done = Promise.resolve();
  return {
    blocks: () => Promise.resolve([...blocks.values()]),
    homes: () => Promise.resolve([...homes].map(([id, block]) => ({ id, block }))),
    conversation: (id) => Promise.resolve(conversations.get(id) ?? null),
    idsOfVoices: (voices) =>
      Promise.resolve(
        [...conversations.values()]
          .filter(({ sentences }) => sentences.some(({ voice }) => voice !== null && voices.has(voice)))
          .map(({ id }) => id),
      ),
    put: (entries) => {
      for (const { conversation, block } of entries) {
        conversations.set(conversation.id, conversation);
        homes.set(conversation.id, block);
      }
      return done;
    },
    remove: (ids) => {
      for (const id of ids) {
        conversations.delete(id);
        homes.delete(id);
      }
      return done;
    },
    seal: (block, ids) => {
      blocks.set(block.key, block);
      for (const id of ids) homes.set(id, block.key);
      return done;
    },
    dissolve: (key, ids) => {
      blocks.delete(key);
      for (const id of ids) homes.set(id, 0);
      return done;
    },
    clear: () => {
      for (const part of [conversations, homes, blocks, notes]) part.clear();
      return done;
    },
    note: (name) => Promise.resolve(notes.get(name)),
    setNote: (name, value) => {
      notes.set(name, value);
      return done;
    },
    close: () => done,
  };
}
