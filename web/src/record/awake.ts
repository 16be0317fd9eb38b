/** Phones that go to sleep stop recording: while a recording goes on, their screen is kept on. */

export interface ScreenOf {
  /** Not every browser has it. */
  readonly wakeLock: Pick<WakeLock, 'request'> | undefined;
  readonly page: Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>;
  /** Whether the screen is kept on: it is not where the browser cannot, or refuses because the battery is low. */
  readonly onChange: (isAwake: boolean) => void;
}

/** Browsers release the lock whenever the page is hidden, so it is requested again when the page is shown. @returns how to end it */
export function keepAwake({ wakeLock, page, onChange }: ScreenOf): () => void {
  const held = new Set<WakeLockSentinel>();
  let isOver = false;
  const release = (): void => {
    for (const each of held) each.release().catch(() => undefined);
    held.clear();
  };
  const request = async (): Promise<void> => {
    if (page.visibilityState !== 'visible') return;
    if (wakeLock === undefined) {
      onChange(false);
      return;
    }
    try {
      const lock = await wakeLock.request('screen');
      held.add(lock);
      lock.addEventListener('release', () => {
        // By the system, where the page is still visible: the battery is low.
        if (held.delete(lock) && page.visibilityState === 'visible') onChange(false);
      });
    } catch {
      if (!isOver) onChange(false);
      return;
    }
    if (isOver) release();
    else onChange(true);
  };
  const requestAgain = (): void => {
    release();
    void request();
  };
  page.addEventListener('visibilitychange', requestAgain);
  void request();
  return () => {
    isOver = true;
    page.removeEventListener('visibilitychange', requestAgain);
    release();
  };
}
