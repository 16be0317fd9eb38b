/** The part of Firestore's Timestamps that every SDK has. */
export interface Instant {
  /** Unix milliseconds. */
  toMillis(): number;
}

/** Makes an Instant without an SDK. @param ms Unix milliseconds */
export function instantOf(ms: number): Instant {
  return { toMillis: () => ms };
}
