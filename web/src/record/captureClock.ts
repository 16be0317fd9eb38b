/** When what was captured sounded: exact, although frames reach the page late by an unsteady few milliseconds. */

/** A frame can come late, never early: the promptest of so many tells the time. One second. */
const SETTLE_FRAMES = 50;
/** When the audio clock and the clock on the wall differ by this much, something was not captured, or a clock was set. */
const GAP_MS = 300;
/** For so long, so that a page that was busy and gets its frames late and all at once is no gap, milliseconds. */
const DOUBT_MS = 500;

/** `doubtful`: too late for its place in the stretch; what comes next tells whether the page was busy or something is missing. */
export type Verdict = 'steady' | 'doubtful' | 'gap';

/**
 * Ties the count of samples to Unix time, for one stretch without a gap. Pure: who calls reads the clock.
 * @param rate samples a second
 */
export class CaptureClock {
  readonly #rate: number;
  /** Unix milliseconds of sample 0, by the promptest frame so far. */
  #origin = Number.POSITIVE_INFINITY;
  #seen = 0;
  #frozen = false;
  /** When the first frame that is in doubt came, Unix milliseconds. */
  #doubtedSince: number | null = null;

  constructor(rate: number) {
    this.#rate = rate;
  }

  /**
   * @param arrivedMs when the frame that ends at this sample reached the page, Unix milliseconds
   * @returns `gap`: a new stretch has to begin with the first frame that was in doubt.
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

  /** When a sample sounded, Unix milliseconds. Asked once, the answer stays as exact as it is: times must not jump. */
  timeOf(sample: number): number {
    this.#frozen = true;
    return this.#origin + this.#ms(sample);
  }

  #ms(samples: number): number {
    return (samples / this.#rate) * 1000;
  }
}
