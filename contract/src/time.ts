/** What Firestore's Timestamps have in every SDK. */
export interface Instant {
  /** Unix milliseconds. */
  toMillis(): number;
}

/** Where no SDK is at hand. @param ms Unix milliseconds */
export function instantOf(ms: number): Instant {
  return { toMillis: () => ms };
}
