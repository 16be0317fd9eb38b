/** Whether there is a network. */
import type { Unsubscribe } from './emitter.ts';

/** For React Native, see the README. */
export interface Network {
  isOnline(): boolean;
  /** Whether its bytes cost, as a mobile network's do. Never, where this is missing. */
  isMetered?(): boolean;
  onChange(listener: () => void): Unsubscribe;
}

/** The browser's, where there is one. "Online" there means little, "offline" means it. */
export function connectivity(): Network {
  const { navigator, addEventListener, removeEventListener } = globalThis as Partial<typeof globalThis>;
  return {
    isOnline: () => navigator?.onLine !== false,
    onChange: (listener) => {
      addEventListener?.('online', listener);
      addEventListener?.('offline', listener);
      return () => {
        removeEventListener?.('online', listener);
        removeEventListener?.('offline', listener);
      };
    },
  };
}
