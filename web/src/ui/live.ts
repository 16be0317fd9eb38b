/** The state of data that a screen shows: loading, ready or failed. */
import { useEffect, useState } from 'preact/hooks';
import type { ReadQuery } from 'offline-audio-sync-contract';
import { isDenied } from '../domain/sentence.ts';
import { readAll, type Live, type Parse, type Subscribe } from '../firebase/store.ts';
import { tellProblem } from './toast.tsx';

export type Loaded<T> =
  | { readonly kind: 'loading' }
  | ({ readonly kind: 'ready' } & Live<T>)
  | { readonly kind: 'failed'; readonly error: Error };

/** The value if it is ready, otherwise null. It is the same object as long as nothing has changed. */
export function valueOf<T>(loaded: Loaded<T>): T | null {
  return loaded.kind === 'ready' ? loaded.value : null;
}

/** A listener that failed is started again after this time, milliseconds. */
const AGAIN_AFTER_MS = 30_000;

/**
 * Subscribes to live data. Firestore ends a listener that has failed; it is started again automatically, unless the security rules forbid
 * reading.
 * @param key Identifies what is subscribed to; a new key subscribes again. Null subscribes to nothing.
 */
export function useLive<T>(key: string | null, subscribe: () => Subscribe<T>): Loaded<T> {
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<{ key: string | null; loaded: Loaded<T> }>({ key, loaded: { kind: 'loading' } });
  useEffect(() => {
    if (key === null) return undefined;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = subscribe()(
      (live) => {
        setState({ key, loaded: { kind: 'ready', ...live } });
      },
      (error) => {
        if (isOver) return;
        setState({ key, loaded: { kind: 'failed', error } });
        if (!isDenied(error)) timer = setTimeout(setAttempt, AGAIN_AFTER_MS, attempt + 1);
      },
    );
    return () => {
      isOver = true;
      clearTimeout(timer);
      stop();
    };
  }, [key, attempt]);
  return state.key === key ? state.loaded : { kind: 'loading' };
}

export interface Pages<T> {
  /** What was read so far; null before anything was. */
  readonly items: readonly T[] | null;
  /** `kept`: without the server, the items come from this device's cache, and may be all, a part or none. */
  readonly state: 'reading' | 'whole' | 'kept' | 'failed';
}

interface PagesOptions<T> {
  /** A new key reads everything again; null reads nothing. */
  readonly key: string | null;
  readonly query: () => ReadQuery;
  readonly parse: Parse<T>;
  /** Whether the server answers, as a live query shows. Items that were `kept` are read again then. */
  readonly isServed: boolean;
}

/** Counts how often something was due to be read again. The count rises whenever `isDue` becomes true, or by hand. */
export function useAgain(isDue: boolean): readonly [times: number, setTimes: (times: number) => void] {
  const [times, setTimes] = useState(0);
  useEffect(() => {
    if (isDue) setTimes((before) => before + 1);
  }, [isDue]);
  return [times, setTimes];
}

/** Reads all pages of a query. */
export function usePages<T>({ key, query, parse, isServed }: PagesOptions<T>): Pages<T> {
  const [pages, setPages] = useState<Pages<T>>({ items: null, state: 'reading' });
  const [again, setAgain] = useAgain(isServed && pages.state === 'kept');
  useEffect(() => {
    if (key === null) {
      setPages({ items: null, state: 'whole' });
      return undefined;
    }
    const over = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = (state: Pages<T>['state']): void => {
      if (!over.signal.aborted) setPages(({ items }) => ({ items, state }));
    };
    // Items that may be incomplete stay marked as such until all are read.
    const goOn = (items?: readonly T[]): void => {
      setPages((before) => ({
        items: items ?? before.items,
        state: before.state === 'kept' ? 'kept' : 'reading',
      }));
    };
    goOn();
    readAll(query(), parse, { onPage: goOn, signal: over.signal }).then(
      ({ fromCache }) => {
        end(fromCache ? 'kept' : 'whole');
      },
      (error: unknown) => {
        if (over.signal.aborted) return;
        end('failed');
        tellProblem(error);
        timer = setTimeout(setAgain, AGAIN_AFTER_MS, again + 1);
      },
    );
    return () => {
      clearTimeout(timer);
      over.abort();
    };
  }, [key, again]);
  return pages;
}
