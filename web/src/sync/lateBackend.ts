/**
 * A backend for the client library before Firebase is loaded: recordings on this device are shown, added and removed without it, and the
 * first request loads it.
 */
import type { Backend, Unsubscribe } from 'offline-audio-sync-client';
import { once } from '../once.ts';

/** What is known of a backend without Firebase. */
type Known = Pick<Backend, 'functionsUrl' | 'storageUrl' | 'appCheckToken'>;

/** @param load where it fails, the next request loads it again */
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
    // Who signs in does so with Firebase: it need not be loaded to listen.
    onSignIn: (listener) => late(whenLoaded, (backend) => backend.onSignIn?.(listener)),
    endedJobs: async () => (await loaded().catch(unavailable)).endedJobs(),
    watchEndedJobs: (listener, onError) =>
      late(loaded(), (backend) => backend.watchEndedJobs?.(listener, onError), onError),
    watchJob: (jobId, listener, onError) =>
      late(loaded(), (backend) => backend.watchJob?.(jobId, listener, onError), onError),
  };
}

/** Listens as soon as there is a backend, unless that has ended before. */
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

/** As Firestore says that it is out of reach. */
function unavailable(cause: unknown): never {
  throw Object.assign(new Error('Firebase is not loaded.', { cause }), { code: 'unavailable' });
}
