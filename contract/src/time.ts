/** What Firestore's Timestamps have in every SDK. */
export interface Instant {
  /** Unix milliseconds. */
  toMillis(): number;
}
