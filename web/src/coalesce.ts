/** Many events, little work. */

export interface Coalesced {
  /** Soon, once for all calls until then. */
  (): void;
  /** In this moment, where there was a call that it was not done for yet. */
  flush(): void;
}

/** @param everyMs at most this often */
export function coalesce(work: () => void, everyMs: number): Coalesced {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let lastAt = Number.NEGATIVE_INFINITY;
  const flush = (): void => {
    if (timer === null) return;
    clearTimeout(timer);
    timer = null;
    lastAt = performance.now();
    work();
  };
  const soon = (): void => {
    timer ??= setTimeout(flush, Math.max(0, lastAt + everyMs - performance.now()));
  };
  return Object.assign(soon, { flush });
}
