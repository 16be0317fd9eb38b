/**
 * Where the samples of one track of an MP4 file lie: ISO 14496-12, 8.7. Samples lie in chunks. Tables state the size of each sample,
 * the number of samples of each chunk, and the place of each chunk.
 */
import type { TrackBoxes } from './indexBoxes.ts';
import { Table } from './indexCells.ts';
import type { Cell } from './indexCells.ts';

/** The largest number of samples that are read. AAC has 47 a second. */
const MAX_SAMPLES = 2_000_000;

/** The largest number of chunks of a track. Most recorders write one for half a second or more. */
const MAX_CHUNKS = 200_000;

/** Samples that follow one another in the file. */
export interface Chunk {
  readonly track: SamplePlaces;
  readonly place: Cell;
  /** Its samples: the first, and the one behind the last. */
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

export function endOf({ place, bytes }: Chunk): number {
  return place.value + bytes;
}

export class SamplePlaces {
  readonly #sizes: Table;
  readonly #runs: Table;
  readonly #places: Table;
  /** The field of a place: one of 64 bits has two, and the first is 0 in all files that are read here. */
  readonly #placeField: number;
  readonly #descriptions: number;

  constructor(index: Buffer, track: TrackBoxes) {
    const long = track.get('co64');
    this.#sizes = new Table(index, track.get('stsz'), 20, 1);
    this.#runs = new Table(index, track.get('stsc'), 16, 3);
    this.#places = new Table(index, long ?? track.get('stco'), 16, long === undefined ? 1 : 2);
    this.#placeField = long === undefined ? 0 : 1;
    const description = track.get('stsd');
    this.#descriptions =
      description === undefined || description.size < 16 ? 0 : index.readUInt32BE(description.start + 12);
  }

  /** The number of samples. */
  get samples(): number {
    return this.#sizes.count;
  }

  /** How many numbers are read to learn where all samples lie. */
  get numbers(): number {
    return this.#sizes.count + this.#runs.count + this.#places.count;
  }

  /** The sizes of all samples together. */
  get bytes(): number {
    return this.#sizes.sum((i) => this.#sizes.at(i));
  }

  /** Whether the sizes of samples are stated one by one, and they are in chunks. */
  get isStated(): boolean {
    const [samples, chunks] = [this.#sizes.count, this.#places.count];
    return samples > 0 && samples <= MAX_SAMPLES && chunks > 0 && chunks <= MAX_CHUNKS && this.#runs.count > 0;
  }

  size(sample: number): Cell {
    return this.#sizes.cell(sample);
  }

  /** All chunks that have a sample, in the order of the samples. */
  chunks(): Chunk[] {
    const chunks: Chunk[] = [];
    let from = 0;
    for (const [i, samples] of this.#samplesOfChunks().entries()) {
      const to = Math.min(from + samples, this.samples);
      let bytes = 0;
      for (let sample = from; sample < to; sample++) bytes += this.#sizes.at(sample);
      if (to > from) chunks.push({ track: this, place: this.#places.cell(i, this.#placeField), from, to, bytes });
      from = to;
    }
    return chunks;
  }

  /** Where the samples begin if those of each chunk follow one another. */
  offsets(): number[] {
    const offsets: number[] = [];
    for (const { place, from, to } of this.chunks())
      for (let sample = from, at = place.value; sample < to; at += this.#sizes.at(sample++)) offsets.push(at);
    return offsets;
  }

  /** States that all samples lie in one row. */
  placeInRow(start: number): void {
    this.#places.cell(0, this.#placeField).value = start;
    for (const [field, value] of [1, this.samples, 1].entries()) this.#runs.cell(0, field).value = value;
    this.#places.shorten();
    this.#runs.shorten();
  }

  /** Whether all samples lie in one row, by the places of the chunks. */
  isInRow(start: number): boolean {
    const chunks = this.chunks();
    const follows = (chunk: Chunk, i: number): boolean => {
      const before = chunks[i - 1];
      return chunk.place.value === (before === undefined ? start : endOf(before));
    };
    return this.#excess() === 0 && chunks.every(follows);
  }

  /**
   * Repairs the numbers of samples in chunks if they do not add up to that of all samples. A run states its first chunk, how many
   * samples each of its chunks has, and their description.
   * @param contradictions how many places contradict each other with the numbers as they are
   * @param maxTries how many repairs are tried: each reads all tables
   */
  mendRuns(contradictions: () => number, maxTries: number): void {
    const runs = this.#runs;
    runs.cell(0).value = 1;
    if (this.#descriptions === 1) for (let i = 0; i < runs.count; i++) runs.cell(i, 2).value = 1;
    if (this.#excess() === 0) return;
    let best = { contradictions: Infinity, mend: (): void => undefined };
    for (const [cell, right] of this.#rightRuns().slice(0, maxTries)) {
      const damaged = cell.value;
      const mend = (): void => void (cell.value = right);
      mend();
      const left = this.#excess() === 0 ? contradictions() : Infinity;
      cell.value = damaged;
      if (left < best.contradictions) best = { contradictions: left, mend };
    }
    best.mend();
  }

  /** The numbers of runs that become right by changing one byte, each with the right one. */
  #rightRuns(): (readonly [Cell, number])[] {
    const runs = this.#runs;
    const excess = this.#excess();
    const right: (readonly [Cell, number])[] = [];
    for (let i = 0; i < runs.count; i++) {
      const chunks = (i + 1 < runs.count ? runs.at(i + 1) : this.#places.count + 1) - runs.at(i);
      right.push([runs.cell(i, 1), runs.at(i, 1) - excess / chunks]);
      // A run that begins a chunk later has one chunk less, and the run before it one more.
      if (i > 0) right.push([runs.cell(i), runs.at(i) + excess / (runs.at(i, 1) - runs.at(i - 1, 1))]);
    }
    return right.filter(([cell, value]) => value > 0 && cell.isNear(value));
  }

  /** How many samples the chunks have too many. */
  #excess(): number {
    return this.#samplesOfChunks().reduce((sum, samples) => sum + samples, 0) - this.samples;
  }

  /** How many samples each chunk has. */
  #samplesOfChunks(): number[] {
    const samples: number[] = [];
    for (let chunk = 0, run = 0; chunk < this.#places.count; chunk++) {
      while (run + 1 < this.#runs.count && this.#runs.at(run + 1) <= chunk + 1) run++;
      samples.push(this.#runs.at(run, 1));
    }
    return samples;
  }
}
