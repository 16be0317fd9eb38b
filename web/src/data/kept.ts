/**
 * Stores what a screen showed last, on this device. The screen shows it until the current data is known. It is deleted when the user signs
 * out.
 */

export interface Kept<T> {
  /** @returns null for another user, or if nothing is stored */
  get(uid: string): T | null;
  /** @param value null deletes what is stored */
  keep(uid: string, value: T | null): void;
  forget(): void;
}

interface Stored<T> {
  readonly uid: string;
  /** The build that wrote the value: another build may expect another shape. */
  readonly build: string;
  readonly value: T;
}

/** The address contains a hash of this module's content and of all that it imports, so each build has its own. */
const BUILD = import.meta.url;
/** Browsers give a site room for about five million characters. Larger values than this are not stored. */
const MOST_CHARACTERS = 1_500_000;

/** @param key the key in `localStorage` */
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
        forget(); // There is no room for the value.
      }
    },
    forget,
  };
}
