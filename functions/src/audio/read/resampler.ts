/**
 * Sample-rate conversion to 16 kHz for raw PCM frames.
 *
 * A library or ffmpeg could do this. This code exists because it is exact: every input sample has its place in the output, to
 * the sample and across calls. So frames stay aligned with their PCM, lost frames stay in their places, and `.bin` recordings
 * never need ffmpeg. The method is band-limited interpolation by a polyphase windowed-sinc filter (J. O. Smith, "Digital Audio
 * Resampling"), with linear phase, and with its delay removed.
 */
import { SAMPLE_RATE } from './pcm.ts';

/** Zero crossings of the sinc on each side. More would be finer than speech needs, and take proportionally more time. */
const ZERO_CROSSINGS = 20;

/** Shape of the Kaiser window: a stop band 72 dB down (Kaiser & Schafer 1980: β ≈ 0.1102 (A − 8.7)). */
const KAISER_BETA = 7;

/** The cut-off as a share of the lower sample rate. The response is flat up to 0.41; aliasing lies above 0.47. */
const CUTOFF = 0.47;

/** Converts a stream of mono samples from one rate to {@link SAMPLE_RATE}. */
export class Resampler {
  /** Reduced ratio: output sample `n` lies at input position `n * #down / #up`. */
  readonly #up: number;
  readonly #down: number;
  /**
   * The filter for each position between two input samples. Each is made when it is first needed: an odd rate has 16,000 of
   * them.
   */
  readonly #phases: Float32Array[] = [];
  readonly #stretch: number;
  /** How many input samples the filter covers on each side. */
  readonly #reach: number;
  /** The input from position `#start` on. Before the first sample it is silence. */
  #held: Float32Array;
  #start: number;
  /** Index of the next output sample. */
  #next = 0;

  /** @param fromRate samples a second of the input, an integer */
  constructor(fromRate: number) {
    const divisor = gcd(fromRate, SAMPLE_RATE);
    this.#up = SAMPLE_RATE / divisor;
    this.#down = fromRate / divisor;
    this.#stretch = Math.max(1, this.#down / this.#up);
    this.#reach = Math.ceil(ZERO_CROSSINGS * this.#stretch);
    this.#held = new Float32Array(this.#reach);
    this.#start = -this.#reach;
  }

  /**
   * How many output samples so many input samples make in total. The number is exact, so that durations are known in advance.
   */
  lengthOf(inputSamples: number): number {
    return Math.ceil((inputSamples * this.#up) / this.#down);
  }

  /** @returns the output that later input cannot change. It is behind the input by the reach of the filter, 2 to 4 ms */
  push(input: Float32Array): Float32Array {
    const held = new Float32Array(this.#held.length + input.length);
    held.set(this.#held);
    held.set(input, this.#held.length);

    const until = this.lengthOf(Math.max(0, this.#start + held.length - this.#reach));
    const output = this.#interpolate(held, Math.max(0, until - this.#next));
    this.#next += output.length;

    const oldestNeeded = Math.floor((this.#next * this.#down) / this.#up) - this.#reach;
    this.#held = held.slice(oldestNeeded - this.#start);
    this.#start = oldestNeeded;
    return output;
  }

  /** The rest of the output, as if silence followed. */
  end(): Float32Array {
    return this.push(new Float32Array(this.#reach));
  }

  #interpolate(held: Float32Array, count: number): Float32Array {
    const output = new Float32Array(count);
    const phases = this.#phases;
    const up = this.#up;
    // The distance from one output sample to the next, in whole input samples and parts of one.
    const wholeStep = Math.floor(this.#down / up);
    const phaseStep = this.#down % up;
    const position = this.#next * this.#down;
    let first = Math.floor(position / up) - this.#reach + 1 - this.#start;
    let phase = position % up;
    for (let i = 0; i < count; i++) {
      output[i] = dot((phases[phase] ??= filterPhase(phase / up, this.#reach, this.#stretch)), held, first);
      first += wholeStep;
      phase += phaseStep;
      if (phase >= up) {
        phase -= up;
        first++;
      }
    }
    return output;
  }
}

/** The dot product, in four separate sums: within one sum each addition would wait for the one before it. */
function dot(taps: Float32Array, samples: Float32Array, first: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let k = 0;
  for (; k + 3 < taps.length; k += 4) {
    a += (samples[first + k] ?? 0) * (taps[k] ?? 0);
    b += (samples[first + k + 1] ?? 0) * (taps[k + 1] ?? 0);
    c += (samples[first + k + 2] ?? 0) * (taps[k + 2] ?? 0);
    d += (samples[first + k + 3] ?? 0) * (taps[k + 3] ?? 0);
  }
  for (; k < taps.length; k++) a += (samples[first + k] ?? 0) * (taps[k] ?? 0);
  return a + b + c + d;
}

/** Weights of the `2 * reach` input samples around an output sample that lies `fraction` past an input sample. */
function filterPhase(fraction: number, reach: number, stretch: number): Float32Array {
  const cutoff = (2 * CUTOFF) / stretch;
  const weights = Array.from({ length: 2 * reach }, (_, k) => {
    const distance = k - reach + 1 - fraction;
    return sinc(cutoff * distance) * kaiser(distance / reach);
  });
  const sum = weights.reduce((a, b) => a + b, 0);
  return Float32Array.from(weights, (weight) => weight / sum); // unity gain at 0 Hz in every phase
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : besselI0(KAISER_BETA * Math.sqrt(1 - x * x)) / besselI0(KAISER_BETA);
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
