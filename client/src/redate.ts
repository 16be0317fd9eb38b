/** Selects uploaded recordings with a wrong date, and the offset that corrects it. */
export interface RedateOptions {
  /** All recordings of the job, or those of `names`. */
  readonly jobId?: string;
  /** Names under which they were uploaded; without a `jobId`, in any job. */
  readonly names?: readonly string[];
  /** Added to where each recording lies on the time axis, milliseconds. */
  readonly offsetMs: number;
  /** A call that is repeated with the same key changes nothing more: 1 to 200 visible ASCII characters. */
  readonly key?: string;
}
