/** Keeps the screen on during a recording, because phones stop recording when they go to sleep. */

export interface ScreenOf {
  /** Missing in some browsers. */
  readonly wakeLock: Pick<WakeLock, 'request'> | undefined;
  readonly page: Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>;
  /** Called with whether the screen is kept on. It is not if the browser cannot do it, or refuses because the battery is low. */
  readonly onChange: (isAwake: boolean) => void;
}

/**
 * Browsers release the lock whenever the page is hidden, so it is requested again when the page is shown. @returns a function that ends it
 */
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
        // The system released the lock while the page was visible: the battery is low.
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
