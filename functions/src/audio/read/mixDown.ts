/**
 * Mixes channels to one, so that they cannot cancel each other, and a voice keeps its level however many channels carry it. A
 * plain sum loses a voice that one channel carries inverted, as with a balanced microphone cable in a stereo plug, or with one
 * of two cables wired the wrong way round. The mean of six channels makes a voice in one of them 15 dB quieter.
 */
import { Limiter } from './limiter.ts';

/** The time over which channels are compared, seconds: about a syllable. */
const COMPARED_SECONDS = 0.1;

/** How often channels are compared, and how long a change of sign takes, seconds. It is slow enough not to click. */
const STEP_SECONDS = 0.01;

/**
 * The correlation beyond which the sign of a channel changes. It is three standard deviations of the correlation of unrelated
 * noise, so that noise changes nothing. Below it, the sum loses at most 0.7 dB compared with unrelated channels.
 */
const SIGN_CHANGES_AT = 0.15;

/**
 * The band in which channels are compared, Hz: that of voices. A balanced pair carries the voice inverted, and hum in phase,
 * often louder; and each channel has its own hiss.
 */
const BAND_HZ = { from: 300, to: 2000 };

/**
 * Mixes the channels of one recording while they stream in. It adds each channel to those before it with the sign that makes
 * the sum louder, and turns the sum down to the level of the loudest channel.
 */
export class MixDown {
  readonly #step: number;
  readonly #decay: number;
  /** One entry for each channel after the first. */
  readonly #others: ChannelSign[];
  readonly #level: SumLevel;
  readonly #limiter: Limiter;

  /** @param sampleRate samples a second of each channel */
  constructor(channels: number, sampleRate: number) {
    this.#step = Math.max(1, Math.round(sampleRate * STEP_SECONDS));
    this.#decay = Math.exp(-STEP_SECONDS / COMPARED_SECONDS);
    this.#others = Array.from({ length: channels - 1 }, () => new ChannelSign(sampleRate));
    this.#level = new SumLevel(channels, sampleRate);
    this.#limiter = new Limiter(this.#step);
  }

  /**
   * @param planes the next samples of each channel, in [-1, 1], all of the same length
   * @returns as many samples, in [-1, 1]
   * @throws RangeError for another number of channels
   */
  push(planes: readonly Float32Array[]): Float32Array {
    const [first = new Float32Array(0), ...others] = planes;
    if (others.length !== this.#others.length) throw new RangeError(`The mix got ${planes.length} channels.`);
    if (others.length === 0) return first;
    const mixed = first.slice();
    for (let start = 0; start < mixed.length; start += this.#step) {
      const sum = mixed.subarray(start, start + this.#step);
      for (const [i, other] of others.entries()) {
        this.#others[i]?.addTo(sum, other.subarray(start, start + this.#step), this.#decay);
      }
      const loudest = Math.max(this.#others[0]?.sumSquares ?? 0, ...this.#others.map((each) => each.channelSquares));
      this.#level.turnDown(sum, loudest, this.#decay);
    }
    return this.#limiter.push(mixed);
  }
}

/** How one channel is added to the sum of those before it. */
class ChannelSign {
  readonly #sumBand: VoiceBand;
  readonly #channelBand: VoiceBand;
  #sign: 1 | -1 | 0 = 0;
  /** Decaying sums of the product, and of the squares, of the two signals in the band. */
  #product = 0;
  #sumSquares = 0;
  #channelSquares = 0;

  constructor(sampleRate: number) {
    this.#sumBand = new VoiceBand(sampleRate);
    this.#channelBand = new VoiceBand(sampleRate);
  }

  /** The decaying sum of the squares of the channels before this one. */
  get sumSquares(): number {
    return this.#sumSquares;
  }

  get channelSquares(): number {
    return this.#channelSquares;
  }

  addTo(sum: Float32Array, channel: Float32Array, decay: number): void {
    const before = this.#sign;
    this.#compare(sum, channel, decay);
    const after = this.#sign;
    const from = before === 0 ? after : before;
    for (let i = 0; i < sum.length; i++) {
      const weight = from + ((after - from) * (i + 1)) / sum.length;
      sum[i] = (sum[i] ?? 0) + weight * (channel[i] ?? 0);
    }
  }

  #compare(sum: Float32Array, channel: Float32Array, decay: number): void {
    this.#product *= decay;
    this.#sumSquares *= decay;
    this.#channelSquares *= decay;
    for (let i = 0; i < sum.length; i++) {
      const a = this.#sumBand.next(sum[i] ?? 0);
      const b = this.#channelBand.next(channel[i] ?? 0);
      this.#product += a * b;
      this.#sumSquares += a * a;
      this.#channelSquares += b * b;
    }
    const certain = SIGN_CHANGES_AT * Math.sqrt(this.#sumSquares * this.#channelSquares);
    if (this.#product < -certain) this.#sign = -1;
    else if (this.#product > certain || this.#sign === 0) this.#sign = 1;
  }
}

/** Turns a sum down until it is as loud as the loudest of its channels, in the band of voices. */
class SumLevel {
  readonly #least: number;
  readonly #band: VoiceBand;
  #squares = 0;
  #gain: number | null = null;

  constructor(channels: number, sampleRate: number) {
    this.#least = 1 / channels;
    this.#band = new VoiceBand(sampleRate);
  }

  /** @param loudest the decaying sum of the squares of the loudest channel */
  turnDown(sum: Float32Array, loudest: number, decay: number): void {
    this.#squares *= decay;
    for (const sample of sum) this.#squares += this.#band.next(sample) ** 2;
    const before = this.#gain;
    const wanted = this.#squares > 0 ? Math.sqrt(loudest / this.#squares) : (before ?? this.#least);
    const after = Math.max(this.#least, Math.min(1, wanted));
    const from = before ?? after;
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) * (from + ((after - from) * (i + 1)) / sum.length);
    this.#gain = after;
  }
}

/** A filter that passes {@link BAND_HZ}: a low-pass and two high-passes, each of the first order. */
class VoiceBand {
  readonly #lowPass: number;
  readonly #highPass: number;
  #low = 0;
  #high = 0;
  #higher = 0;

  constructor(sampleRate: number) {
    this.#lowPass = 1 - Math.exp((-2 * Math.PI * BAND_HZ.to) / sampleRate);
    this.#highPass = Math.exp((-2 * Math.PI * BAND_HZ.from) / sampleRate);
  }

  next(sample: number): number {
    const low = this.#low + this.#lowPass * (sample - this.#low);
    const high = low - this.#low + this.#highPass * this.#high;
    this.#higher = high - this.#high + this.#highPass * this.#higher;
    this.#low = low;
    this.#high = high;
    return this.#higher;
  }
}

/**
 * Divides interleaved samples into one array for each channel. Samples at the end that are not there for every channel are
 * dropped.
 */
export function deinterleave(pcm: Float32Array, channels: number): Float32Array[] {
  const length = Math.floor(pcm.length / channels);
  return Array.from({ length: channels }, (_, channel) => {
    const plane = new Float32Array(length);
    for (let i = 0; i < length; i++) plane[i] = pcm[i * channels + channel] ?? 0;
    return plane;
  });
}
