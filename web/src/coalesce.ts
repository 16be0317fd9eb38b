/** Combines many calls into few, so that frequent events cause little work. */

export interface Coalesced {
  /** Calls the work soon. All calls until then count as one. */
  (): void;
  /** Calls the work now if a call is pending. */
  flush(): void;
}

/** @param everyMs The work is done at most once in this time, milliseconds. */
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
