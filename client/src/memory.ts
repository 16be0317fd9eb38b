/** A store that lasts as long as the process: for tests, and for recordings that are also kept elsewhere. */
import { bytesOf } from './bytes.ts';
import type { RecordingStore, StoredValue } from './store.ts';

export function memoryStore(): RecordingStore {
  // As JSON text, so that no caller shares an object with the store.
  const entries = new Map<string, string>();
  const audio = new Map<string, Uint8Array<ArrayBuffer>>();
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
    // As bytes: React Native makes no Blob of an ArrayBuffer.
    putAudio: async (id, given, added) => {
      audio.set(id, (await bytesOf(given)).slice());
      await put(added);
    },
    readAudio: (id, start, end) => Promise.resolve(audio.get(id)?.slice(start, end) ?? null),
    removeAudio: (id, keys) => {
      audio.delete(id);
      return remove(keys);
    },
  };
}
