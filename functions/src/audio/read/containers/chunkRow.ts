/**
 * Repairs where the samples of an MP4 file lie. The chunks of all its tracks fill the data one after another. So a place is wrong
 * if the chunk overlaps others, and is as long as a gap between two others; and a size is wrong if its chunk does not end where the
 * next one begins.
 */
import { endOf } from './samplePlaces.ts';
import type { Chunk, SamplePlaces } from './samplePlaces.ts';
import { findHoles } from './sampleShifts.ts';
import type { DamagedFile } from './sampleShifts.ts';

/** The data of a file: the content of its only `mdat`. */
export interface DataRange {
  readonly start: number;
  readonly end: number;
}

/** So many bytes behind the last sample may be padding. */
const PADDING_BYTES = 1024;

/** The largest numbers of wrong places and gaps that are compared, and of wrong sizes: each of these is searched in the data. */
const [MAX_WRONG, MAX_WRONG_SIZES] = [1000, 8];

/** How many numbers are read to try repairs of runs: it takes some seconds, whatever a forged file states. */
const MAX_NUMBERS_READ = 200_000_000;

/** Repairs the tables of all tracks. */
export async function mendPlaces(file: DamagedFile, tracks: readonly SamplePlaces[], data: DataRange): Promise<void> {
  const [only, ...others] = tracks;
  const numbers = tracks.reduce((sum, track) => sum + track.numbers, 0);
  const maxTries = MAX_NUMBERS_READ / (numbers * tracks.length);
  for (const track of tracks) track.mendRuns(() => contradictions(chunksOf(tracks), data).length, maxTries);
  mendPlacesOfChunks(chunksOf(tracks), data);
  await mendSizes(file, chunksOf(tracks), data);
  const isAlone = only !== undefined && others.length === 0;
  if (isAlone && only.bytes === data.end - data.start && !only.isInRow(data.start)) only.placeInRow(data.start);
}

/** The chunks of all tracks, as they follow one another in the file. */
function chunksOf(tracks: readonly SamplePlaces[]): Chunk[] {
  return tracks.flatMap((track) => track.chunks()).toSorted((a, b) => a.place.value - b.place.value);
}

/** A chunk that does not end where the next one begins, or the data. */
interface Contradiction {
  readonly chunk: Chunk;
  /** How many bytes the chunk is too long; negative if a gap follows. */
  readonly excess: number;
  /** Whether the gap may be padding at the end of the data. */
  readonly isPadding: boolean;
}

function contradictions(chunks: readonly Chunk[], data: DataRange): Contradiction[] {
  return chunks
    .map((chunk, i) => {
      const next = chunks[i + 1];
      const excess = endOf(chunk) - (next?.place.value ?? data.end);
      return { chunk, excess, isPadding: next === undefined && excess < 0 && excess >= -PADDING_BYTES };
    })
    .filter(({ excess }) => excess !== 0);
}

/** Moves each chunk that fits neither behind one nor before another into a gap that is as long as it is. */
function mendPlacesOfChunks(chunks: readonly Chunk[], data: DataRange): void {
  const starts = new Set([...chunks.map(({ place }) => place.value), data.end]);
  const ends = new Set([...chunks.map(endOf), data.start]);
  const gaps = [...ends].filter((end) => !starts.has(end)).slice(0, MAX_WRONG);
  const overlaps = (chunk: Chunk, i: number): boolean =>
    chunk.place.value < (i === 0 ? data.start : endOf(chunks[i - 1] ?? chunk)) ||
    endOf(chunk) > (chunks[i + 1]?.place.value ?? data.end);
  const wrong = chunks.filter(
    (chunk, i) => !ends.has(chunk.place.value) && !starts.has(endOf(chunk)) && overlaps(chunk, i),
  );
  for (const { place, bytes } of wrong.slice(0, MAX_WRONG)) {
    place.value = gaps.find((gap) => place.isNear(gap) && starts.has(gap + bytes)) ?? place.value;
  }
}

/** Repairs the sizes of samples. A recorder that leaves gaps between chunks leaves more than one. */
async function mendSizes(file: DamagedFile, chunks: readonly Chunk[], data: DataRange): Promise<void> {
  const found = contradictions(chunks, data);
  const mayBeMeant = found.filter(({ excess }) => excess < 0).length > 1;
  for (const each of found.slice(0, MAX_WRONG_SIZES)) if (each.excess > 0 || !mayBeMeant) await mendSize(file, each);
}

/**
 * Repairs a size in a chunk: the only one that becomes right by changing one byte, or the one behind which samples begin as usual.
 * What may be padding is repaired only if samples prove it.
 */
async function mendSize(file: DamagedFile, { chunk, excess, isPadding }: Contradiction): Promise<void> {
  const { track, from, to } = chunk;
  const right = (sample: number): number => track.size(sample).value - excess;
  const near: number[] = [];
  for (let sample = from; sample < to && !isPadding; sample++)
    if (right(sample) > 0 && track.size(sample).isNear(right(sample))) near.push(sample);
  const [first] = near;
  const sample = near.length === 1 ? first : ((await shiftedIn(file, chunk, excess)) ?? first);
  if (sample !== undefined && right(sample) > 0) track.size(sample).value = right(sample);
}

/** The sample in a chunk behind which samples stand earlier than the sizes say, as behind missing bytes; null if none is found. */
async function shiftedIn(file: DamagedFile, { track, from, to }: Chunk, excess: number): Promise<number | null> {
  const offsets = track.offsets().map((offset, sample) => (sample < to ? offset : offset + excess));
  const holes = await findHoles(file, offsets, excess);
  const samples = holes.map(({ behind }) => offsets.indexOf(behind) - 1);
  return samples.find((sample) => sample >= from && sample < to) ?? null;
}
