/** Cuts speech into pieces for a recogniser: in a pause, or with an overlap, so that each word is whole in one piece. */
import { SAMPLE_RATE } from '../../audio/read/pcm.ts';
import { quietStretches } from './quiet.ts';
import type { Quiet } from './quiet.ts';

/** Half-open, samples. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** Moonshine is made for less than 20 s, and repeats itself beyond that; it is at its best below 10 s. */
export const MAX_PIECE_SAMPLES = 10 * SAMPLE_RATE;

/** Shorter pieces are recognised badly. */
export const MIN_PIECE_SAMPLES = SAMPLE_RATE;

/** A pause is searched in this last part of a piece, so that each piece has enough context. */
const PAUSE_SEARCH_SAMPLES = 6 * SAMPLE_RATE;

/** Quiet of this length is a pause; shorter quiet may be a consonant, seconds. */
const PAUSE_SECONDS = 0.2;

/** If there is no pause, a cut is searched in this last part of a piece. */
const CUT_SEARCH_SAMPLES = 3 * SAMPLE_RATE;

/**
 * The overlap of two pieces without a pause between them: a long word on each side of the cut. So a word that one piece has in part,
 * the other has whole. {@link joinPieces} takes each word from one of them.
 */
const OVERLAP_SAMPLES = 1.6 * SAMPLE_RATE;

/** Length of the quiet stretch that is searched, samples, in steps of {@link STEP_SAMPLES}. */
const QUIET_SAMPLES = SAMPLE_RATE / 5;
const STEP_SAMPLES = SAMPLE_RATE / 100;

/**
 * @param pauses positions, in order, at which detection left out silence. A piece ends at the last of these, if that is far enough into
 * the piece. Otherwise it ends in its longest pause. Without a pause, it overlaps with the next one around a quiet moment.
 * @returns pieces, in order, that cover all samples. All are at least a second long, unless everything together is shorter.
 */
export function cutIntoPieces(pcm: Float32Array, pauses: readonly number[]): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  while (pcm.length - start > MAX_PIECE_SAMPLES) {
    const last = Math.min(start + MAX_PIECE_SAMPLES, pcm.length - MIN_PIECE_SAMPLES);
    const first = last - PAUSE_SEARCH_SAMPLES;
    const pause =
      pauses.findLast((position) => position >= first && position <= last) ?? longestPause(pcm, first, last);
    const half = pause === null ? OVERLAP_SAMPLES / 2 : 0;
    const cut = pause ?? quietestPosition(pcm, last - CUT_SEARCH_SAMPLES, last - half);
    pieces.push({ start, end: cut + half });
    start = cut - half;
  }
  pieces.push({ start, end: pcm.length });
  return pieces;
}

/** The middle of the longest pause between two positions; null if there is none. */
function longestPause(pcm: Float32Array, from: number, to: number): number | null {
  const lengthOf = ({ start, end }: Quiet): number => end - start;
  const stretches = quietStretches(pcm.subarray(from, to), (PAUSE_SECONDS * SAMPLE_RATE) / (to - from));
  const pauses = stretches.filter((quiet) => lengthOf(quiet) >= PAUSE_SECONDS);
  const [longest] = pauses.sort((a, b) => lengthOf(b) - lengthOf(a));
  return longest ? from + Math.round(((longest.start + longest.end) / 2) * SAMPLE_RATE) : null;
}

/**
 * How many pieces are recognised together. The model's weights are then read once for all of them, so that four pieces take two
 * thirds of the time. More pieces gain little, and take memory.
 */
export const MAX_BATCH_PIECES = 4;

/**
 * @param threads how many threads work at the same time: each gets a batch, if there are enough pieces
 * @returns batches of equal size, as far as possible, with pieces of similar length, because a batch takes as long as its
 * longest piece
 */
export function toBatches(pieces: readonly Piece[], threads: number): Piece[][] {
  const count = Math.max(Math.ceil(pieces.length / MAX_BATCH_PIECES), Math.min(threads, pieces.length));
  const byLength = pieces.toSorted((a, b) => b.end - b.start - (a.end - a.start));
  const boundary = (batch: number) => Math.round((batch * pieces.length) / count);
  return Array.from({ length: count }, (_, i) => byLength.slice(boundary(i), boundary(i + 1)));
}

/** Two halves of a piece, cut where it is quietest; null if they would be too short. */
export function halvesOf({ start, end }: Piece, pcm: Float32Array): readonly [Piece, Piece] | null {
  if (end - start < 2 * MIN_PIECE_SAMPLES + QUIET_SAMPLES) return null;
  const margin = Math.max(MIN_PIECE_SAMPLES, Math.floor((end - start) / 4));
  const middle = quietestPosition(pcm, start + margin, end - margin);
  return [
    { start, end: middle },
    { start: middle, end },
  ];
}

/** The middle of the quietest stretch between two positions; the last one if several are equally quiet. */
function quietestPosition(pcm: Float32Array, from: number, to: number): number {
  const steps = Math.max(0, Math.floor((to - from) / STEP_SAMPLES));
  const energies = Float64Array.from({ length: steps }, (_, i) => {
    const start = from + i * STEP_SAMPLES;
    return energyOf(pcm.subarray(start, start + STEP_SAMPLES));
  });
  const width = Math.min(QUIET_SAMPLES / STEP_SAMPLES, steps);
  let energy = energies.subarray(0, width).reduce((sum, value) => sum + value, 0);
  let least = energy;
  let at = 0;
  for (let i = width; i < steps; i++) {
    energy += (energies[i] ?? 0) - (energies[i - width] ?? 0);
    if (energy <= least) [least, at] = [energy, i - width + 1];
  }
  return from + Math.round((at + width / 2) * STEP_SAMPLES);
}

function energyOf(pcm: Float32Array): number {
  let sum = 0;
  for (const value of pcm) sum += value * value;
  return sum;
}
