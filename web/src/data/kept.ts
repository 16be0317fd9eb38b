/** What a screen showed last, on this device: it is painted until what is there now is known. Goes when its user signs out. */

export interface Kept<T> {
  /** @returns null for another user, or where nothing is kept */
  get(uid: string): T | null;
  /** @param value null where there is nothing to keep */
  keep(uid: string, value: T | null): void;
  forget(): void;
}

interface Stored<T> {
  readonly uid: string;
  /** The build that wrote it: another one may know values of another shape. */
  readonly build: string;
  readonly value: T;
}

/** Its address has a hash of its content, and so of all that it imports. */
const BUILD = import.meta.url;
/** A site has room for five million characters. What needs more than this is not kept. */
const MOST_CHARACTERS = 1_500_000;

/** @param key of `localStorage` */
export function kept<T>(key: string): Kept<T> {
  const forget = (): void => {
    localStorage.removeItem(key);
  };
  return {
    get: (uid) => {
      const text = localStorage.getItem(key);
      if (text === null) return null;
      const stored = JSON.parse(text) as Stored<T>;
      return stored.uid === uid && stored.build === BUILD ? stored.value : null;
    },
    keep: (uid, value) => {
      const stored: Stored<T | null> = { uid, build: BUILD, value };
      const text = JSON.stringify(stored);
      try {
        if (value !== null && text.length <= MOST_CHARACTERS) localStorage.setItem(key, text);
        else forget();
      } catch {
        forget(); // There is no room.
      }
    },
    forget,
  };
}
