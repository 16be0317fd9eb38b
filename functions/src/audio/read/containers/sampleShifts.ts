/**
 * Finds where bytes are missing in the data of an MP4 file, or where there are too many. The first bits of each sample are nearly
 * always the same (the element of AAC or ALAC, the configuration of Opus). Behind missing bytes, samples stand earlier than the
 * index states, by the number of these bytes: their shift. The shift is 0 at the start of the data, and known at the end of it.
 */
import type { FileHandle } from 'node:fs/promises';
import { readAt } from './fileView.ts';

export interface DamagedFile {
  readonly file: FileHandle;
  readonly fileBytes: number;
  /** Where its data begins. */
  readonly dataStart: number;
}

export interface Hole {
  /** Where, by the index, the first sample behind it begins. */
  readonly behind: number;
  /** How many bytes are missing; negative if there are too many. */
  readonly bytes: number;
}

/**
 * So many bits must be as usual, in the samples that begin with them at their place beyond those that do not. In AAC these are eight
 * samples; ALAC has four samples a second, but its samples have more bits in common.
 */
const PROOF_BITS = 56;

/** At least so many samples, because the usual bits may be zeros, as other bytes are. */
const LEAST_PROOF = 2;

/** The largest number of shifts that are tried. */
const MAX_SHIFTS = 4 * 1024 * 1024;

/** The largest number of holes: the file is rewritten for each. */
const MAX_HOLES = 8;

const WINDOW_BYTES = 256 * 1024;

/**
 * @param offsets where, by the index, the samples begin, in ascending order
 * @param missing the shift at the end of the data
 * @returns the holes, in order; none if the samples do not show them
 */
export async function findHoles(file: DamagedFile, offsets: readonly number[], missing: number): Promise<Hole[]> {
  const starts = { first: await startsAt(file, offsets, 0), last: await startsAt(file, offsets, missing) };
  const search = new HoleSearch(file, offsets, usualStart(starts.first, starts.last));
  return (await search.holesIn([0, offsets.length], 0, missing, starts)) ?? [];
}

/** Whether a sample begins with the usual bits. */
type IsUsual = (start: number) => boolean;

interface UsualStart {
  readonly isUsual: IsUsual;
  /** How many more samples must begin as usual than not. */
  readonly proof: number;
}

type Range = readonly [from: number, to: number];

/** How samples begin at the first shift and at the last. */
interface Starts {
  readonly first: Float64Array;
  readonly last: Float64Array;
}

class HoleSearch {
  readonly #file: DamagedFile;
  readonly #offsets: readonly number[];
  readonly #isUsual: IsUsual;
  readonly #leastProof: number;
  #holes = 1;

  constructor(file: DamagedFile, offsets: readonly number[], { isUsual, proof }: UsualStart) {
    this.#file = file;
    this.#offsets = offsets;
    this.#isUsual = isUsual;
    this.#leastProof = proof;
  }

  /** How many samples are tried at each shift. */
  get #tried(): number {
    return 2 * this.#leastProof;
  }

  /**
   * The holes among samples whose shift is known at both ends. If there are several, the shift between them is found by trying.
   * @param read how these samples begin, if that is read already
   * @returns null if the last samples do not begin as usual
   */
  async holesIn([from, to]: Range, first: number, last: number, read?: Starts): Promise<Hole[] | null> {
    const offsets = this.#offsets.slice(from, to);
    const starts = read ?? {
      first: await startsAt(this.#file, offsets, first),
      last: await startsAt(this.#file, offsets, last),
    };
    const { before, behind, proof } = edges(
      scoresOf(starts.first, this.#isUsual),
      scoresOf(starts.last, this.#isUsual),
    );
    if (proof < this.#leastProof) return null;
    const between =
      this.#holes < MAX_HOLES ? await this.#shiftBetween([from + before, from + behind], first, last) : null;
    if (between !== null) {
      this.#holes++;
      const left = await this.holesIn([from, between.sample], first, between.shift);
      const right = await this.holesIn([between.sample, to], between.shift, last);
      if (left !== null && right !== null) return [...left, ...right];
    }
    return [{ behind: offsets[behind] ?? 0, bytes: last - first }];
  }

  /** The shift of samples that lie between two others with known shifts; null if too few are there, or none is found. */
  async #shiftBetween(
    [from, to]: Range,
    first: number,
    last: number,
  ): Promise<{ shift: number; sample: number } | null> {
    const [start, end] = [(this.#offsets[from] ?? 0) - first, (this.#offsets[to] ?? 0) - last];
    const sampleBytes = (end + last - start - first) / Math.max(1, to - from);
    const isEmpty = Math.min(to - from, (end - start) / sampleBytes) < this.#tried;
    if (isEmpty || Math.abs(last - first) > MAX_SHIFTS) return null;
    const triedBytes = Math.ceil(4 * this.#tried * sampleBytes) + Math.abs(last - first);
    const bytes = await readAt(this.#file.file, start, Math.min(end - start, triedBytes));
    let best = { proof: this.#leastProof - 1, shift: 0, sample: 0 };
    for (let shift = Math.min(first, last) + 1; shift < Math.max(first, last); shift++) {
      const sample = firstFrom(this.#offsets, start + shift, from);
      const proof = this.#proofOf(sample, Math.min(to, sample + this.#tried), bytes, start + shift);
      if (proof > best.proof) best = { proof, shift, sample: Math.min(to, sample + this.#tried) };
      if (proof === this.#tried) break;
    }
    return best.proof < this.#leastProof ? null : best;
  }

  /** How many more of these samples begin as usual than not. @param origin where, by the index, the bytes begin */
  #proofOf(from: number, to: number, bytes: Buffer, origin: number): number {
    let proof = 0;
    for (let i = from; i < to && proof > -this.#leastProof; i++) {
      const at = (this.#offsets[i] ?? 0) - origin;
      if (at + START_BYTES > bytes.length) break;
      proof += this.#isUsual(bytes.readUIntBE(at, START_BYTES)) ? 1 : -1;
    }
    return proof;
  }
}

interface Edges {
  /** The end of the samples that surely have the first shift. */
  readonly before: number;
  /** The start of those that have the last. */
  readonly behind: number;
  /** How many more of these begin as usual than not. */
  readonly proof: number;
}

/** Divides samples into those with the first shift, those with the last, and others between them. */
function edges(first: Int8Array, last: Int8Array): Edges {
  const { at: before } = mostOf(first);
  const { at: fromEnd, sum: proof } = mostOf(last.toReversed());
  const behind = last.length - fromEnd;
  return before <= behind ? { before, behind, proof } : edgeBetween(first, last);
}

/** Where samples that may have both shifts change from the first to the last. */
function edgeBetween(first: Int8Array, last: Int8Array): Edges {
  let [before, proof] = [0, last.reduce((total, score) => total + score, 0)];
  let found = { sum: proof, behind: 0, proof };
  for (const [i, score] of first.entries()) {
    before += score;
    proof -= last[i] ?? 0;
    if (before + proof >= found.sum) found = { sum: before + proof, behind: i + 1, proof };
  }
  return { before: found.behind, behind: found.behind, proof: found.proof };
}

/** The first sample from `from` on that begins at a position or behind it. */
function firstFrom(offsets: readonly number[], position: number, from: number): number {
  let [low, high] = [from, offsets.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Stand for the first bits of a sample that begins beyond the end of the file, and of one that would begin before the data. */
const [ABSENT, OUTSIDE] = [-1, -2];

/** How many bytes of a sample are read. */
const START_BYTES = 6;

/**
 * How many of the first bits are compared: packets of ALAC begin with some forty zeros, so that a few bits look the same a byte
 * earlier; packets of AAC have no more than seven bits in common.
 */
const [ALL_BITS, COMPARED_BITS] = [8 * START_BYTES, [48, 40, 32, 24, 16, 7]];

/** How many beginnings may be the usual one: bytes of padding may be as frequent. */
const CANDIDATES = 4;

const NOTHING_USUAL: UsualStart = { isUsual: () => false, proof: Infinity };

/** The largest number of samples by which the usual beginning is chosen. */
const MAX_COUNTED = 20_000;

/** The first bytes of each sample as a number, read `earlier` bytes before its stated position. */
async function startsAt(
  { file, fileBytes, dataStart }: DamagedFile,
  offsets: readonly number[],
  earlier: number,
): Promise<Float64Array> {
  const starts = new Float64Array(offsets.length).fill(ABSENT);
  let window: Buffer = Buffer.alloc(0);
  let from = 0;
  for (const [i, offset] of offsets.entries()) {
    const at = offset - earlier;
    if (at < dataStart) starts[i] = OUTSIDE;
    if (at < dataStart || at + START_BYTES > fileBytes) continue;
    if (at < from || at + START_BYTES > from + window.length) {
      from = at;
      window = await readAt(file, at, WINDOW_BYTES);
    }
    starts[i] = window.readUIntBE(at - from, START_BYTES);
  }
  return starts;
}

/** 1 for each sample that begins as usual, -1 for each that does not, 0 for those beyond the end of the file. */
function scoresOf(starts: Float64Array, isUsual: IsUsual): Int8Array {
  return Int8Array.from(starts, (start) => (start === ABSENT ? 0 : isUsual(start) ? 1 : -1));
}

/**
 * The beginning that the first samples have at the first shift, and the last samples at the last: the one that explains the most bits.
 * @param early the beginnings of all samples at the first shift
 * @param late those at the last shift
 */
function usualStart(early: Float64Array, late: Float64Array): UsualStart {
  const step = Math.ceil(early.length / MAX_COUNTED);
  const [first, last] = [early.filter((_, i) => i % step === 0), late.filter((_, i) => i % step === 0)];
  const counted = [...first, ...last].filter((start) => start >= 0);
  const candidates = (bits: number): readonly (UsualStart & { readonly sum: number; readonly bits: number })[] => {
    const proof = Math.max(LEAST_PROOF, Math.ceil(PROOF_BITS / bits));
    const firstOf = (start: number): number => Math.floor(start / 2 ** (ALL_BITS - bits));
    return mostFrequent(counted.map(firstOf)).map((usual) => {
      const isUsual: IsUsual = (start) => start >= 0 && firstOf(start) === usual;
      const sum = mostOf(scoresOf(first, isUsual)).sum + mostOf(scoresOf(last, isUsual).toReversed()).sum;
      return { isUsual, proof, sum, bits };
    });
  };
  // If the bits look the same at both shifts, some samples count twice.
  const found = COMPARED_BITS.flatMap(candidates).filter(({ sum }) => sum <= first.length);
  const most = Math.max(...found.map(({ sum, bits }) => sum * bits));
  return found.find(({ sum, bits }) => sum * bits === most) ?? NOTHING_USUAL;
}

/** The largest sum of the first scores, and how many scores that takes. */
function mostOf(scores: Int8Array): { readonly sum: number; readonly at: number } {
  let sum = 0;
  let most = { sum, at: 0 };
  for (const [i, score] of scores.entries()) {
    sum += score;
    if (sum > most.sum) most = { sum, at: i + 1 };
  }
  return most;
}

function mostFrequent(values: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a);
  return sorted.slice(0, CANDIDATES).map(([value]) => value);
}
