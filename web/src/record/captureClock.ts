/** Gives the exact time at which audio was captured, although frames reach the page with a varying delay of a few milliseconds. */

/**
 * Number of frames from which the time is derived: one second. Frames may arrive late but never early, so the one with the shortest delay
 * is used.
 */
const SETTLE_FRAMES = 50;
/** A difference between the audio clock and the wall clock that means that audio is missing or a clock was set, milliseconds. */
const GAP_MS = 300;
/** How long the difference must last to count as a gap, milliseconds. A busy page gets its frames late but all at once. */
const DOUBT_MS = 500;

/** `doubtful`: the frame is too late for its place. The next frames show whether the page was busy or audio is missing. */
export type Verdict = 'steady' | 'doubtful' | 'gap';

/**
 * Relates the count of samples to Unix time, for one stretch without a gap. It reads no clock: the caller passes the time.
 * @param rate samples a second
 */
export class CaptureClock {
  readonly #rate: number;
  /** Unix time of sample 0, milliseconds, from the frame with the shortest delay so far. */
  #origin = Number.POSITIVE_INFINITY;
  #seen = 0;
  #frozen = false;
  /** When the first doubtful frame arrived, Unix milliseconds; null if no frame is in doubt. */
  #doubtedSince: number | null = null;

  constructor(rate: number) {
    this.#rate = rate;
  }

  /**
   * @param endSample the audio clock's count of samples at the end of the frame
   * @param arrivedMs when that frame reached the page, Unix milliseconds
   * @returns `gap` if a new stretch has to begin with the first doubtful frame
   */
  observe(endSample: number, arrivedMs: number): Verdict {
    const origin = arrivedMs - this.#ms(endSample);
    this.#seen++;
    if (!this.#frozen && this.#seen <= SETTLE_FRAMES) {
      this.#origin = Math.min(this.#origin, origin);
      return 'steady';
    }
    if (Math.abs(origin - this.#origin) < GAP_MS) {
      this.#doubtedSince = null;
      return 'steady';
    }
    this.#doubtedSince ??= arrivedMs;
    return Math.abs(arrivedMs - this.#doubtedSince) < DOUBT_MS ? 'doubtful' : 'gap';
  }

  /** When a sample was captured, Unix milliseconds. After the first call the origin is no longer refined, because times must not jump. */
  timeOf(sample: number): number {
    this.#frozen = true;
    return this.#origin + this.#ms(sample);
  }

  #ms(samples: number): number {
    return (samples / this.#rate) * 1000;
  }
}
