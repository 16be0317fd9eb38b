/** A store whose calls have a time limit, so that a database that never answers does not stop the client. */
import type { RecordingStore } from './store.ts';
import { within } from './time.ts';
import type { Clock } from './time.ts';

/** The limit of one call, milliseconds; audio gets more by its size. */
const STORE_LIMIT_MS = 60_000;
/** Slower than any disk on which recording works. */
const SLOWEST_BYTES_PER_MS = 100;

/** @returns the same store, whose calls reject with a TimeLimitError if they take too long. Such a call may still take effect later. */
export function boundedStore(store: RecordingStore, clock: Clock): RecordingStore {
  const never = new AbortController().signal;
  const bounded = <T>(work: Promise<T>, bytes = 0): Promise<T> =>
    within(work, STORE_LIMIT_MS + bytes / SLOWEST_BYTES_PER_MS, clock, never);
  const [own, watch, close] = [store.own?.bind(store), store.watch?.bind(store), store.close?.bind(store)];
  return {
    entries: () => bounded(store.entries()),
    put: (entries, lease) => bounded(store.put(entries, lease)),
    remove: (keys, lease) => bounded(store.remove(keys, lease)),
    audioIds: () => bounded(store.audioIds()),
    putAudio: (id, audio, entries) =>
      bounded(store.putAudio(id, audio, entries), audio instanceof Uint8Array ? audio.byteLength : audio.size),
    readAudio: (id, start, end) => bounded(store.readAudio(id, start, end), end - start),
    removeAudio: (id, keys, lease) => bounded(store.removeAudio(id, keys, lease)),
    // Waiting for another context has no limit. It ends with its signal.
    ...(own && { own: (signal, wait) => (wait ? own(signal, true) : bounded(own(signal, false))) }),
    ...(watch && { watch }),
    ...(close && { close: () => bounded(close()) }),
  };
}
