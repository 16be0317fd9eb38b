/** Whether there is a network. */
import type { Unsubscribe } from './emitter.ts';

/** For React Native, see the README. */
export interface Network {
  isOnline(): boolean;
  /** Whether its bytes cost money, as a mobile network's do. Without it, they never do. */
  isMetered?(): boolean;
  onChange(listener: () => void): Unsubscribe;
}

/** The browser's view of the network, if there is a browser. "Online" there means little, but "offline" is true. */
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
