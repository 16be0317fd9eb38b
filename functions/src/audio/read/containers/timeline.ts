/**
 * Places decoded audio on the time axis of its container. Samples are the clock, because time stamps are rounded and jitter; time
 * stamps decide where they differ from the samples by more than {@link TOLERANCE_SECONDS}. One that the next contradicts is damaged.
 */
import { lengthOfPlanes, slicePlanes } from '../channels.ts';
import type { Planes } from '../channels.ts';
import { SAMPLE_RATE } from '../pcm.ts';

/** Time stamps nearer than this to the samples before them are rounded or jitter; browsers' do by some 10 ms. */
const TOLERANCE_SECONDS = 0.1;

/**
 * Latest start that counts as an offset from the beginning of the recording. A later one is the clock of a stream that ran before
 * (a part of a broadcast, of a longer recording): the name says when the part began.
 */
const MAX_START_SECONDS = 3600;

/** The time stamp at which a recording begins. Its tracks share one, so that one which begins later does so. */
export class Origin {
  #seconds: number | null = null;

  /** @param at the first time stamp of a track; that of the first track decides */
  from(at: number): number {
    return (this.#seconds ??= at < 0 || at > MAX_START_SECONDS ? at : 0);
  }
}

/** A stretch of one recording at {@link SAMPLE_RATE}. */
export type Stretch =
  | { readonly kind: 'audio'; readonly planes: Planes }
  /** The container says that nothing was recorded. */
  | { readonly kind: 'silence'; readonly samples: number }
  /** There was audio, and it cannot be decoded. */
  | { readonly kind: 'lost'; readonly samples: number };

/** A gap in the time stamps, until the next one shows whether it is there. */
interface ClaimedGap {
  readonly stretch: { readonly kind: 'silence' | 'lost'; samples: number };
  /** Its length, exact. */
  readonly ahead: number;
}

export function lengthOf(stretch: Stretch): number {
  return stretch.kind === 'audio' ? lengthOfPlanes(stretch.planes) : stretch.samples;
}

/**
 * One track. Decoded samples come in two steps, because a resampler holds some back: `expect` says where they belong, `fill` brings
 * them later, as many as were expected.
 */
export class Timeline {
  readonly #maxSamples: number;
  readonly #origin: Origin;
  readonly #ready: Stretch[] = [];
  /** What is expected, in order: samples of audio that `fill` must bring, and stretches between them. */
  readonly #expected: (Stretch | { readonly kind: 'pending'; samples: number })[] = [];
  /** Samples on the axis so far, exact: the sum of all stretches before rounding. */
  #position = 0;
  /** The same, as given out. */
  #placed = 0;
  #taken = 0;
  /** What must be added to a time stamp to get a position; null before the first one. */
  #shift: number | null = null;
  /** What {@link #shift} was before a time stamp of another clock, until the next one shows whether there is one. */
  #shiftBefore: number | null = null;
  #claimed: ClaimedGap | null = null;

  /**
   * @param maxSeconds no gap leads beyond it: a time stamp that claims to is noise
   * @param origin of all tracks of the recording
   */
  constructor(maxSeconds: number, origin = new Origin()) {
    this.#maxSamples = maxSeconds * SAMPLE_RATE;
    this.#origin = origin;
  }

  /** Samples on the axis so far. */
  get length(): number {
    return this.#placed;
  }

  /** Samples on the axis that were not taken yet. */
  get pending(): number {
    return this.#placed - this.#taken;
  }

  /**
   * Announces audio.
   * @param at its time stamp, seconds; null where it has none
   * @param seconds its duration
   * @param gap what a gap before it is
   */
  expect(at: number | null, seconds: number, gap: 'silence' | 'lost'): void {
    this.#moveTo(at, gap);
    const samples = this.#advance(seconds);
    const last = this.#expected.at(-1);
    if (last?.kind === 'pending') last.samples += samples;
    else this.#expected.push({ kind: 'pending', samples });
  }

  /** Announces audio that cannot be decoded, like `expect`. */
  lose(at: number | null, seconds: number, gap: 'silence' | 'lost'): void {
    this.#moveTo(at, gap);
    this.#push('lost', this.#advance(seconds));
  }

  /** Announces that nothing was recorded behind what there is so far, or that it is lost. */
  append(kind: 'silence' | 'lost', seconds: number): void {
    this.#moveTo(null, kind);
    this.#push(kind, this.#advance(seconds));
  }

  /** Brings samples that were expected. */
  fill(planes: Planes): void {
    const length = lengthOfPlanes(planes);
    for (let start = 0; start < length;) {
      const next = this.#next();
      if (next === null) return; // a resampler's tail, beyond what was expected
      const end = Math.min(length, start + next.samples);
      this.#ready.push({ kind: 'audio', planes: slicePlanes(planes, start, end) });
      next.samples -= end - start;
      start = end;
    }
  }

  /** Ends what was announced so far: samples that did not come are filled with zeros; they are a resampler's rounding. */
  padWithZeros(): void {
    this.#claimed = null;
    for (let next = this.#next(); next !== null; next = this.#next()) {
      this.#ready.push({ kind: 'audio', planes: [new Float32Array(next.samples)] });
      next.samples = 0;
    }
  }

  /** What is known of the axis, and was not drained before. */
  drain(): Stretch[] {
    this.#next();
    const until = this.#claimed === null ? -1 : this.#ready.indexOf(this.#claimed.stretch);
    const taken = this.#ready.splice(0, until < 0 ? Infinity : until).filter((stretch) => lengthOf(stretch) > 0);
    this.#taken += taken.reduce((sum, stretch) => sum + lengthOf(stretch), 0);
    return taken;
  }

  #moveTo(at: number | null, gap: 'silence' | 'lost'): void {
    if (at === null) {
      this.#claimed = null;
      return;
    }
    const shift = this.#judge(at * SAMPLE_RATE, this.#shift ?? -this.#origin.from(at) * SAMPLE_RATE);
    const target = at * SAMPLE_RATE + shift;
    const ahead = target - this.#position;
    this.#shift = shift;
    if (Math.abs(ahead) <= TOLERANCE_SECONDS * SAMPLE_RATE) return;
    const isOtherClock = ahead < 0 || target > this.#maxSamples;
    if (isOtherClock) {
      this.#shiftBefore = shift;
      this.#shift = shift - ahead;
    } else {
      this.#claimed = { stretch: { kind: gap, samples: this.#advance(ahead / SAMPLE_RATE) }, ahead };
      this.#expected.push(this.#claimed.stretch);
    }
  }

  /**
   * Whether this time stamp goes on from before the last one, as if that had not been: one damaged byte moves it by hours.
   * @returns the shift that holds for it
   */
  #judge(at: number, current: number): number {
    const fits = (shift: number, position: number): boolean =>
      Math.abs(at + shift - position) <= TOLERANCE_SECONDS * SAMPLE_RATE;
    const shift = this.#shiftBefore !== null && fits(this.#shiftBefore, this.#position) ? this.#shiftBefore : current;
    const claimed = this.#claimed;
    if (claimed !== null && fits(shift, this.#position - claimed.ahead)) {
      this.#position -= claimed.ahead;
      this.#placed -= claimed.stretch.samples;
      claimed.stretch.samples = 0;
    }
    this.#shiftBefore = null;
    this.#claimed = null;
    return shift;
  }

  /** @returns whole samples: rounding never adds up */
  #advance(seconds: number): number {
    this.#position += seconds * SAMPLE_RATE;
    const samples = Math.max(0, Math.round(this.#position) - this.#placed);
    this.#placed += samples;
    return samples;
  }

  #push(kind: 'silence' | 'lost', samples: number): void {
    if (samples > 0) this.#expected.push({ kind, samples });
  }

  /** Moves finished stretches on, and gives the audio that is waited for. */
  #next(): { samples: number } | null {
    for (let first = this.#expected[0]; first !== undefined; first = this.#expected[0]) {
      if (first.kind === 'pending' && first.samples > 0) return first;
      this.#expected.shift();
      if (first.kind !== 'pending') this.#ready.push(first);
    }
    return null;
  }
}
