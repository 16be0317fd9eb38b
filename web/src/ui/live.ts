/** What the screens know of the data: loading, there, or not to be had. */
import { useEffect, useState } from 'preact/hooks';
import type { Live, Subscribe } from '../firebase/store.ts';

export type Loaded<T> =
  | { readonly kind: 'loading' }
  | ({ readonly kind: 'ready' } & Live<T>)
  | { readonly kind: 'failed'; readonly error: Error };

/** @param key changes when what is subscribed to changes; null subscribes to nothing. */
export function useLive<T>(key: string | null, subscribe: () => Subscribe<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string | null; loaded: Loaded<T> }>({ key, loaded: { kind: 'loading' } });
  useEffect(() => {
    if (key === null) return undefined;
    const stop = subscribe()(
      (live) => {
        setState({ key, loaded: { kind: 'ready', ...live } });
      },
      (error) => {
        setState({ key, loaded: { kind: 'failed', error } });
      },
    );
    return stop;
  }, [key]);
  return state.key === key ? state.loaded : { kind: 'loading' };
}
