/**
 * Channels to one, so that they cannot cancel and a voice keeps its level, in however many of them it is. A plain sum loses a voice
 * that one channel carries inverted: a balanced microphone cable wired to a stereo plug, or one cable of two with its poles swapped. The
 * mean of six loses 15 dB of a voice that is in one.
 */
import { Limiter } from './limiter.ts';

/** The time over which channels are compared, seconds: about a syllable. */
const COMPARED_SECONDS = 0.1;

/** How often they are compared, and how long a change of sign takes, seconds: too gradual to click. */
const STEP_SECONDS = 0.01;

/**
 * Correlation beyond which a channel's sign changes: three standard deviations of what unrelated noise shows, so that it changes
 * nothing. Within it a sum loses at most 0.7 dB against unrelated channels.
 */
const SIGN_CHANGES_AT = 0.15;

/**
 * The band in which they are compared, Hz: that of voices. A balanced pair carries the voice inverted and hum in phase, often
 * louder, and each channel has hiss of its own.
 */
const BAND_HZ = { from: 300, to: 2000 };

/**
 * Mixes the channels of one recording as they stream in. Adds each channel to those before it with the sign that makes the sum
 * louder, and turns the sum down to the level of the loudest channel.
 */
export class MixDown {
  readonly #step: number;
  readonly #decay: number;
  /** One for each channel after the first. */
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

  /** @param planes the next samples of each channel, in [-1, 1], all of the same length. @returns as many samples. */
  push(planes: readonly Float32Array[]): Float32Array {
    const [first = new Float32Array(0), ...others] = planes;
    if (others.length !== this.#others.length) throw new RangeError(`${planes.length} channels came.`);
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
  /** Decaying sums over both bands: of their product and of their squares. */
  #product = 0;
  #sumSquares = 0;
  #channelSquares = 0;

  constructor(sampleRate: number) {
    this.#sumBand = new VoiceBand(sampleRate);
    this.#channelBand = new VoiceBand(sampleRate);
  }

  /** Of what came before the channel. */
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

/** How far a sum is turned down, so that it is as loud as the loudest of its channels, in the band of voices. */
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

/** Lets {@link BAND_HZ} pass: a low-pass and two high-passes of the first order. */
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

/** Interleaved samples to an array for each channel; samples that do not make up a whole frame of channels are left out. */
export function deinterleave(pcm: Float32Array, channels: number): Float32Array[] {
  const length = Math.floor(pcm.length / channels);
  return Array.from({ length: channels }, (_, channel) => {
    const plane = new Float32Array(length);
    for (let i = 0; i < length; i++) plane[i] = pcm[i * channels + channel] ?? 0;
    return plane;
  });
}
