/** Which recordings that were uploaded have a wrong date, and how wrong it is. */
export interface RedateOptions {
  /** All recordings of the job, or those of `names`. */
  readonly jobId?: string;
  /** Names under which they were uploaded; without a `jobId`, whatever job they came in. */
  readonly names?: readonly string[];
  /** Added to where each recording lies on the time axis, milliseconds. */
  readonly offsetMs: number;
  /** Makes a call that is repeated after a lost answer one call: 1 to 200 visible ASCII characters. */
  readonly key?: string;
}
