/**
 * Places decoded audio on the time axis of its container. Samples are the clock, because time stamps are rounded and jitter. A
 * time stamp counts only if it differs from the samples by more than {@link TOLERANCE_SECONDS}. A time stamp that the next one
 * contradicts is damaged.
 */
import { lengthOfPlanes, slicePlanes } from '../channels.ts';
import type { Planes } from '../channels.ts';
import { SAMPLE_RATE } from '../pcm.ts';

/**
 * A time stamp nearer than this to the samples before it is rounding or jitter. Time stamps of browsers jitter by some 10 ms.
 */
const TOLERANCE_SECONDS = 0.1;

/** Behind damage a difference of half a frame is a missing frame, if it is more than rounding to milliseconds can cause. */
const MAX_ROUNDING_SECONDS = 0.005;

/**
 * How much audio may follow a gap until a time stamp contradicts it: one byte moves the time stamps of a cluster of Matroska,
 * which has up to five seconds in most files.
 */
const UNCONFIRMED_SECONDS = 10;

/** A gap shorter than this counts as confirmed by the next time stamp, because jitter may look like a contradiction. */
const LEAST_UNCONFIRMED_SECONDS = 3 * TOLERANCE_SECONDS;

/**
 * The latest first time stamp that counts as an offset from the start of the recording. A later one comes from a stream that
 * ran before (this is a part of a broadcast, or of a longer recording): the capture time then is the time of the first sample.
 */
const MAX_START_SECONDS = 3600;

/** The time stamp at which a recording begins. All its tracks share it, so that a track that begins later stays later. */
export class Origin {
  #seconds: number | null = null;

  /**
   * @param at the first time stamp of a track, seconds; only that of the first track decides. @returns the time stamp of the
   * start, seconds
   */
  from(at: number): number {
    return (this.#seconds ??= at < 0 || at > MAX_START_SECONDS ? at : 0);
  }
}

/** A stretch of one recording. Samples count at {@link SAMPLE_RATE}. */
export type Stretch =
  | { readonly kind: 'audio'; readonly planes: Planes }
  /** The container shows that nothing was recorded. */
  | { readonly kind: 'silence'; readonly samples: number }
  /** There was audio that cannot be decoded. */
  | { readonly kind: 'lost'; readonly samples: number };

/** A gap in the time stamps that the next time stamp has yet to confirm. */
interface ClaimedGap {
  readonly stretch: { readonly kind: 'silence' | 'lost'; samples: number };
  /** Its length in samples, not rounded. */
  readonly ahead: number;
  /** The position up to which time stamps may contradict it. */
  readonly until: number;
}

/** How far ahead of the samples a time stamp must be behind damage, to say that a frame is missing. */
function leastGapSeconds(frameSeconds: number): number {
  return Math.max(MAX_ROUNDING_SECONDS, frameSeconds / 2);
}

export function lengthOf(stretch: Stretch): number {
  return stretch.kind === 'audio' ? lengthOfPlanes(stretch.planes) : stretch.samples;
}

/**
 * The time axis of one track. Decoded samples are added in two steps, because a resampler holds some back: `expect` says where
 * they belong, and `fill` brings them later, as many as were expected.
 */
export class Timeline {
  readonly #maxSamples: number;
  readonly #origin: Origin;
  readonly #ready: Stretch[] = [];
  /** What is expected, in order: samples of audio that `fill` must bring, and the stretches between them. */
  readonly #expected: (Stretch | { readonly kind: 'pending'; samples: number })[] = [];
  /** Samples on the axis so far: the sum of all stretches before rounding. */
  #position = 0;
  /** Samples on the axis so far, rounded as they are passed on. */
  #placed = 0;
  #taken = 0;
  /** Samples to add to a time stamp to get a position; null before the first time stamp. */
  #shift: number | null = null;
  /**
   * The value of {@link #shift} before time stamps of another clock. It holds again if they were damaged: in Matroska, one byte
   * moves the time stamps of several seconds.
   */
  #shiftBefore: number | null = null;
  #claimed: ClaimedGap | null = null;

  /**
   * @param maxSeconds no gap leads beyond this: a time stamp that claims so is damaged
   * @param origin shared by all tracks of the recording
   */
  constructor(maxSeconds: number, origin = new Origin()) {
    this.#maxSamples = maxSeconds * SAMPLE_RATE;
    this.#origin = origin;
  }

  /** Samples on the axis so far. */
  get length(): number {
    return this.#placed;
  }

  /** Samples on the axis that were not drained yet. */
  get pending(): number {
    return this.#placed - this.#taken;
  }

  /**
   * Announces audio.
   * @param at its time stamp, seconds; null if it has none
   * @param seconds its duration
   * @param gap what a gap before it is
   */
  expect(at: number | null, seconds: number, gap: 'silence' | 'lost'): void {
    this.#moveTo(at, gap, seconds);
    const samples = this.#advance(seconds);
    const last = this.#expected.at(-1);
    if (last?.kind === 'pending') last.samples += samples;
    else this.#expected.push({ kind: 'pending', samples });
  }

  /** Announces audio that cannot be decoded. The parameters are those of `expect`. */
  lose(at: number | null, seconds: number, gap: 'silence' | 'lost'): void {
    this.#moveTo(at, gap);
    this.#push('lost', this.#advance(seconds));
  }

  /** Announces silence or lost audio behind everything so far. @param seconds its duration */
  append(kind: 'silence' | 'lost', seconds: number): void {
    this.#moveTo(null, kind);
    this.#push(kind, this.#advance(seconds));
  }

  /** Adds samples that were expected. */
  fill(planes: Planes): void {
    const length = lengthOfPlanes(planes);
    for (let start = 0; start < length;) {
      const next = this.#next();
      if (next === null) return; // the tail of a resampler, beyond what was expected
      const end = Math.min(length, start + next.samples);
      this.#ready.push({ kind: 'audio', planes: slicePlanes(planes, start, end) });
      next.samples -= end - start;
      start = end;
    }
  }

  /** Ends the audio announced so far. Samples that did not come become zeros: a resampler rounds. */
  padWithZeros(): void {
    this.#claimed = null;
    for (let next = this.#next(); next !== null; next = this.#next()) {
      this.#ready.push({ kind: 'audio', planes: [new Float32Array(next.samples)] });
      next.samples = 0;
    }
  }

  /** @returns the stretches that are known and were not drained before */
  drain(): Stretch[] {
    this.#next();
    const until = this.#claimed === null ? -1 : this.#ready.indexOf(this.#claimed.stretch);
    const taken = this.#ready.splice(0, until < 0 ? Infinity : until).filter((stretch) => lengthOf(stretch) > 0);
    this.#taken += taken.reduce((sum, stretch) => sum + lengthOf(stretch), 0);
    return taken;
  }

  #moveTo(at: number | null, gap: 'silence' | 'lost', frameSeconds = Infinity): void {
    if (at === null) {
      this.#claimed = null;
      return;
    }
    const isStart = this.#shift === null;
    const shift = this.#judge(at * SAMPLE_RATE, this.#shift ?? -this.#origin.from(at) * SAMPLE_RATE);
    const target = at * SAMPLE_RATE + shift;
    const ahead = target - this.#position;
    this.#shift = shift;
    const isGap = gap === 'lost' && !isStart && ahead >= leastGapSeconds(frameSeconds) * SAMPLE_RATE;
    if (Math.abs(ahead) <= TOLERANCE_SECONDS * SAMPLE_RATE && !isGap) {
      if (isStart) this.#shift = shift - ahead;
      return;
    }
    const isOtherClock = ahead < 0 || target > this.#maxSamples;
    if (isOtherClock) {
      this.#shiftBefore = shift;
      this.#shift = shift - ahead;
    } else {
      const stretch = { kind: gap, samples: this.#advance(ahead / SAMPLE_RATE) };
      const isLong = ahead >= LEAST_UNCONFIRMED_SECONDS * SAMPLE_RATE;
      const until = this.#position + (isLong ? UNCONFIRMED_SECONDS * SAMPLE_RATE : 0);
      this.#claimed = { stretch, ahead, until };
      this.#expected.push(stretch);
    }
  }

  /**
   * Checks whether this time stamp is one from before the end of the last gap. Then the time stamps in between were damaged, and
   * the gap is removed: one wrong byte moves a time stamp by hours. A shorter gap may remain, if audio is missing, too.
   * @returns the shift that holds for this time stamp, samples
   */
  #judge(at: number, current: number): number {
    const slack = TOLERANCE_SECONDS * SAMPLE_RATE;
    const aheadOf = (shift: number): number => at + shift - this.#position;
    const earlier = this.#shiftBefore;
    const isEarlierClock =
      earlier !== null &&
      aheadOf(earlier) >= -slack &&
      (aheadOf(current) < -slack || aheadOf(earlier) < aheadOf(current));
    const shift = isEarlierClock ? earlier : current;
    const claimed = this.#claimed;
    const before = this.#position - (claimed?.ahead ?? 0);
    const place = at + shift;
    const gapEnds = Math.max(this.#position - slack, (before + this.#position) / 2);
    const isContradicted = claimed !== null && place >= before - slack && place < gapEnds;
    if (isContradicted) {
      this.#position -= claimed.ahead;
      this.#placed -= claimed.stretch.samples;
      claimed.stretch.samples = 0;
    }
    if (isEarlierClock) this.#shiftBefore = null;
    if (isContradicted || this.#position >= (claimed?.until ?? 0)) this.#claimed = null;
    return shift;
  }

  /** Moves the position on. @returns whole samples; rounding errors do not add up */
  #advance(seconds: number): number {
    this.#position += seconds * SAMPLE_RATE;
    const samples = Math.max(0, Math.round(this.#position) - this.#placed);
    this.#placed += samples;
    return samples;
  }

  #push(kind: 'silence' | 'lost', samples: number): void {
    if (samples > 0) this.#expected.push({ kind, samples });
  }

  /** Passes finished stretches on. @returns the next audio that is expected; null if none is */
  #next(): { samples: number } | null {
    for (let first = this.#expected[0]; first !== undefined; first = this.#expected[0]) {
      if (first.kind === 'pending' && first.samples > 0) return first;
      this.#expected.shift();
      if (first.kind !== 'pending') this.#ready.push(first);
    }
    return null;
  }
}
