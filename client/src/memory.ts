/** A store that lasts as long as the process: for tests, and for recordings that are kept elsewhere anyway. */
import type { RecordingStore, StoredValue } from './store.ts';

export function memoryStore(): RecordingStore {
  // As text, so that nobody shares an object with the store.
  const entries = new Map<string, string>();
  const audio = new Map<string, Blob>();
  const put: RecordingStore['put'] = (changed) => {
    for (const [key, value] of changed) entries.set(key, JSON.stringify(value));
    return Promise.resolve();
  };
  const remove: RecordingStore['remove'] = (keys) => {
    for (const key of keys) entries.delete(key);
    return Promise.resolve();
  };
  return {
    entries: () => Promise.resolve(new Map([...entries].map(([key, text]) => [key, JSON.parse(text) as StoredValue]))),
    put,
    remove,
    audioIds: () => Promise.resolve([...audio.keys()]),
    putAudio: (id, bytes, added) => {
      audio.set(id, new Blob([bytes]));
      return put(added);
    },
    readAudio: async (id, start, end) => {
      const blob = audio.get(id);
      return blob === undefined ? null : new Uint8Array(await blob.slice(start, end).arrayBuffer());
    },
    removeAudio: (id, keys) => {
      audio.delete(id);
      return remove(keys);
    },
  };
}
