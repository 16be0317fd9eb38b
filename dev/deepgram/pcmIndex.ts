/** Finds the place of PCM in the samples by its values, wherever the received piece begins. */
import type { KnownSpeech, Match } from './hearing.ts';

const SAMPLES_PER_MS = 16;

/** Distance of anchors in the library, samples: 10 ms. A stretch of twice this length is always found. */
const WINDOW = 160;

/** Anchors with the same hash that are compared. */
const MAX_PLACES = 64;

interface Stretch {
  readonly speech: KnownSpeech;
  readonly startMs: number;
  readonly pcm: Int16Array;
}

interface Place {
  readonly stretch: Stretch;
  /** First sample of the window. */
  readonly at: number;
}

/** A received stretch that agrees with a known one, sample by sample. */
interface Agreement {
  readonly stretch: Stretch;
  /** First sample in the known stretch. */
  readonly at: number;
  /** First sample received. */
  readonly from: number;
  readonly length: number;
}

export class PcmIndex {
  readonly #anchors = new Map<number, Place[]>();

  /** 16 kHz mono; the first sample is at `startMs`. */
  add(speech: KnownSpeech, startMs: number, pcm: Int16Array): void {
    const stretch = { speech, startMs, pcm };
    for (let at = 0; at + WINDOW <= pcm.length; at += WINDOW) {
      if (isConstant(pcm, at)) continue; // digital silence occurs everywhere
      const hash = new RollingHash(pcm, at).value;
      const places = this.#anchors.get(hash);
      if (places === undefined) this.#anchors.set(hash, [{ stretch, at }]);
      else places.push({ stretch, at });
    }
  }

  /** Finds received 16 kHz mono PCM. The matches are in order, without overlap; audio between them is unknown. */
  match(pcm: Int16Array): Match[] {
    const matches: Match[] = [];
    let free = 0;
    for (let at = 0; at + WINDOW <= pcm.length;) {
      const agreement = this.#firstFrom(pcm, at, free);
      if (agreement === null) break;
      const { stretch, from, length } = agreement;
      matches.push({
        speech: stretch.speech,
        sourceMs: stretch.startMs + agreement.at / SAMPLES_PER_MS,
        atMs: from / SAMPLES_PER_MS,
        durationMs: length / SAMPLES_PER_MS,
      });
      at = free = from + length;
    }
    return matches;
  }

  /** The first window at or after `at` that is an anchor, grown in both directions, but not below `free`. */
  #firstFrom(pcm: Int16Array, at: number, free: number): Agreement | null {
    const hash = new RollingHash(pcm, at);
    for (;;) {
      let longest: Agreement | null = null;
      for (const place of (this.#anchors.get(hash.value) ?? []).slice(0, MAX_PLACES)) {
        const agreement = grow(pcm, hash.at, place, free);
        if (agreement.length >= WINDOW && agreement.length > (longest?.length ?? 0)) longest = agreement;
      }
      if (longest !== null) return longest;
      if (!hash.advance()) return null;
    }
  }
}

function grow(pcm: Int16Array, at: number, { stretch, at: origin }: Place, free: number): Agreement {
  const known = stretch.pcm;
  let ahead = 0;
  while (at + ahead < pcm.length && origin + ahead < known.length && pcm[at + ahead] === known[origin + ahead]) ahead++;
  let back = 0;
  while (at - back > free && origin - back > 0 && pcm[at - back - 1] === known[origin - back - 1]) back++;
  return { stretch, at: origin - back, from: at - back, length: back + ahead };
}

function isConstant(pcm: Int16Array, at: number): boolean {
  for (let i = at + 1; i < at + WINDOW; i++) if (pcm[i] !== pcm[at]) return false;
  return true;
}

/** Polynomial hash of the {@link WINDOW} samples at `at`, modulo 2^32, moved on by one sample at a time (Rabin and Karp). */
class RollingHash {
  static readonly #BASE = 0x01000193;
  static readonly #TOP = Array.from({ length: WINDOW - 1 }).reduce(
    (power: number) => Math.imul(power, RollingHash.#BASE),
    1,
  );

  at: number;
  value = 0;
  readonly #pcm: Int16Array;

  constructor(pcm: Int16Array, at: number) {
    this.#pcm = pcm;
    this.at = at;
    for (let i = at; i < at + WINDOW; i++) this.#push(pcm[i] ?? 0);
  }

  /** False at the end of the PCM. */
  advance(): boolean {
    const next = this.#pcm[this.at + WINDOW];
    if (next === undefined) return false;
    this.value = (this.value - Math.imul(this.#pcm[this.at] ?? 0, RollingHash.#TOP)) | 0;
    this.#push(next);
    this.at++;
    return true;
  }

  #push(sample: number): void {
    this.value = (Math.imul(this.value, RollingHash.#BASE) + sample) | 0;
  }
}
