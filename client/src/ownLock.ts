/** Which of several tabs works on a store: the one that holds a Web Lock of its name. */

/**
 * @param signal ends the ownership, or the wait for it.
 * @param wait Wait until the current owner releases the lock.
 * @returns true once this tab owns it; false where another one does, or the signal aborted. Browsers without Web Locks have one tab.
 */
export async function ownLock(name: string, signal: AbortSignal, wait: boolean): Promise<boolean> {
  const { navigator } = globalThis as Partial<typeof globalThis>;
  const locks = navigator?.locks as LockManager | undefined;
  if (locks === undefined) return true;
  return new Promise((resolve) => {
    const hold = (lock: Lock | null): Promise<void> | undefined => {
      resolve(lock !== null);
      if (lock === null) return undefined;
      return new Promise((release) => {
        signal.addEventListener('abort', () => {
          release();
        });
        if (signal.aborted) release();
      });
    };
    // A signal and `ifAvailable` exclude each other.
    locks.request(name, wait ? { signal } : { ifAvailable: true }, hold).catch(() => {
      resolve(false);
    });
  });
}
