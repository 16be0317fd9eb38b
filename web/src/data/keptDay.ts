/**
 * The newest day as it was shown last, on this device: it is painted until Firebase is loaded and has answered. Goes when its user signs
 * out.
 */
import type { EditedConversation } from './model.ts';

export interface KeptDay {
  /** `yyyy-mm-dd` */
  readonly day: string;
  /** All of them, with what their user corrected, in order of time. */
  readonly conversations: readonly EditedConversation[];
}

interface Stored extends KeptDay {
  readonly uid: string;
  /** The build that wrote it: another one may know conversations of another shape. */
  readonly build: string;
}

const KEY = 'newest-day';
/** Its address has a hash of its content, and so of all that it imports. */
const BUILD = import.meta.url;
/** A site has room for five million characters. A day that needs more than this is not kept. */
const MOST_CHARACTERS = 1_500_000;

export function keptDay(uid: string): KeptDay | null {
  const text = localStorage.getItem(KEY);
  if (text === null) return null;
  const stored = JSON.parse(text) as Stored;
  return stored.uid === uid && stored.build === BUILD ? stored : null;
}

export function keepDay(uid: string, { day, conversations }: KeptDay): void {
  if (conversations.length === 0) {
    forgetDay();
    return;
  }
  const stored: Stored = { uid, build: BUILD, day, conversations };
  const text = JSON.stringify(stored);
  try {
    if (text.length <= MOST_CHARACTERS) localStorage.setItem(KEY, text);
    else forgetDay();
  } catch {
    forgetDay(); // There is no room.
  }
}

export function forgetDay(): void {
  localStorage.removeItem(KEY);
}
