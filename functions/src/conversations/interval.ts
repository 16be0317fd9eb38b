/** A stretch of time, Unix milliseconds; `startMs <= endMs`. */
export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}
