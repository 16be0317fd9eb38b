/** What the screens know of the data: loading, there, or not to be had. */
import { useEffect, useState } from 'preact/hooks';
import type { ReadQuery } from 'offline-audio-sync-contract';
import { isDenied } from '../domain/sentence.ts';
import { readAll, type Live, type Parse, type Subscribe } from '../firebase/store.ts';
import { tellProblem } from './toast.tsx';

export type Loaded<T> =
  | { readonly kind: 'loading' }
  | ({ readonly kind: 'ready' } & Live<T>)
  | { readonly kind: 'failed'; readonly error: Error };

/** The value where it is there: the same one as long as nothing has changed. */
export function valueOf<T>(loaded: Loaded<T>): T | null {
  return loaded.kind === 'ready' ? loaded.value : null;
}

/** What could not be read is read again after so long, milliseconds. */
const AGAIN_AFTER_MS = 30_000;

/**
 * Firestore ends a listener that has failed; it is begun again by itself, unless the rules forbid it.
 * @param key changes when what is subscribed to changes; null subscribes to nothing.
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
  /** `kept`: there was no server, so it is what this device has kept: all of it, a part, or nothing. */
  readonly state: 'reading' | 'whole' | 'kept' | 'failed';
}

interface PagesOptions<T> {
  /** Changes when it has to be read anew; null reads nothing. */
  readonly key: string | null;
  readonly query: () => ReadQuery;
  readonly parse: Parse<T>;
  /** Whether the server answers, as something live tells: what was `kept` is read again then. */
  readonly isServed: boolean;
}

/** How often something was due to be read again: once more each time that it becomes due, or by hand. */
export function useAgain(isDue: boolean): readonly [times: number, setTimes: (times: number) => void] {
  const [times, setTimes] = useState(0);
  useEffect(() => {
    if (isDue) setTimes((before) => before + 1);
  }, [isDue]);
  return [times, setTimes];
}

/** All pages of a query. */
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
    // What may be incomplete stays marked until it is known to be whole.
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
