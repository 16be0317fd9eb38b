/** Phones that go to sleep stop recording: their screen is kept on while one goes on. */

export interface ScreenOf {
  /** Not every browser has it. */
  readonly wakeLock: Pick<WakeLock, 'request'> | undefined;
  readonly page: Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>;
}

/** Browsers let go of it whenever the page is hidden, so it is asked for again when it is shown. @returns how to end it */
export function keepAwake({ wakeLock, page }: ScreenOf): () => void {
  const held: Pick<WakeLockSentinel, 'release'>[] = [];
  let over = false;
  const letGo = (): void => {
    for (const each of held.splice(0)) each.release().catch(() => undefined);
  };
  const ask = async (): Promise<void> => {
    if (wakeLock === undefined || page.visibilityState !== 'visible') return;
    try {
      held.push(await wakeLock.request('screen'));
    } catch {
      return; // The battery is low, say: it records all the same.
    }
    if (over) letGo();
  };
  const again = (): void => {
    letGo();
    void ask();
  };
  page.addEventListener('visibilitychange', again);
  void ask();
  return () => {
    over = true;
    page.removeEventListener('visibilitychange', again);
    letGo();
  };
}
