/**
 * A backend for the client library that works before Firebase is loaded: recordings on this device can be shown, added and removed. The
 * first request loads Firebase.
 */
import type { Backend, Unsubscribe } from 'offline-audio-sync-client';
import { once } from '../once.ts';

/** What is known of a backend without Firebase. */
type Known = Pick<Backend, 'functionsUrl' | 'storageUrl' | 'appCheckToken'>;

/** @param load If it fails, the next request loads it again. */
export function lateBackend(load: () => Promise<Backend>, known: Known): Backend {
  let tellLoaded: (backend: Backend) => void;
  const whenLoaded = new Promise<Backend>((resolve) => {
    tellLoaded = resolve;
  });
  const loaded = once(async () => {
    const backend = await load();
    tellLoaded(backend);
    return backend;
  });
  return {
    ...known,
    idToken: async (refresh) => (await loaded()).idToken(refresh),
    // Signing in needs Firebase, so listening for it need not load it.
    onSignIn: (listener) => late(whenLoaded, (backend) => backend.onSignIn?.(listener)),
    endedJobs: async () => (await loaded().catch(unavailable)).endedJobs(),
    watchEndedJobs: (listener, onError) =>
      late(loaded(), (backend) => backend.watchEndedJobs?.(listener, onError), onError),
    watchJob: (jobId, listener, onError) =>
      late(loaded(), (backend) => backend.watchJob?.(jobId, listener, onError), onError),
  };
}

/** Listens as soon as there is a backend, unless the listener was removed before. */
function late(
  loaded: Promise<Backend>,
  listen: (backend: Backend) => Unsubscribe | undefined,
  onError: (error: unknown) => void = () => undefined,
): Unsubscribe {
  let isOver = false;
  let stop: Unsubscribe | undefined;
  const begin = (backend: Backend): void => {
    if (!isOver) stop = listen(backend);
  };
  loaded.then(begin).catch(onError);
  return () => {
    isOver = true;
    stop?.();
  };
}

/** The same code that Firestore uses when it is not reachable. */
function unavailable(cause: unknown): never {
  throw Object.assign(new Error('Firebase is not loaded.', { cause }), { code: 'unavailable' });
}
