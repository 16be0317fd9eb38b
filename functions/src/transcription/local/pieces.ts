/** Cuts speech into pieces that a recogniser can take: never within a word, where that can be helped. */
import { SAMPLE_RATE } from '../../audio/read/pcm.ts';

/** Half-open, samples. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** Moonshine is made for less than 20 s, and repeats itself beyond that; it is at its best below 10 s. */
export const MAX_PIECE_SAMPLES = 10 * SAMPLE_RATE;

/** What is shorter is guessed at. */
export const MIN_PIECE_SAMPLES = SAMPLE_RATE;

/** Where nothing better is known, a piece is cut within its last part: what comes before that is context. */
const SEARCH_SAMPLES = 6 * SAMPLE_RATE;

/** Length of the quietest stretch that is looked for, samples, in steps of {@link STEP_SAMPLES}. */
const QUIET_SAMPLES = SAMPLE_RATE / 5;
const STEP_SAMPLES = SAMPLE_RATE / 100;

/**
 * @param pauses positions, in order, at which detection left out silence: where the last of them lies far enough into a piece,
 * the piece ends there. Otherwise it ends in the middle of its quietest fifth of a second.
 * @returns pieces, in order, that cover all samples. All are at least a second long, unless everything together is shorter.
 */
export function cutIntoPieces(pcm: Float32Array, pauses: readonly number[]): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  while (pcm.length - start > MAX_PIECE_SAMPLES) {
    const last = Math.min(start + MAX_PIECE_SAMPLES, pcm.length - MIN_PIECE_SAMPLES);
    const first = last - SEARCH_SAMPLES;
    const pause = pauses.findLast((position) => position >= first && position <= last);
    const end = pause ?? quietestPosition(pcm, first, last);
    pieces.push({ start, end });
    start = end;
  }
  pieces.push({ start, end: pcm.length });
  return pieces;
}

/**
 * Pieces that are recognised together: the model's weights are read once for all of them, which makes four take two
 * thirds of the time. More gain little, and take memory.
 */
export const MAX_BATCH_PIECES = 4;

/**
 * @param threads that have batches at the same time: each gets one, as far as there are pieces.
 * @returns batches of as equal a size as can be, of pieces of similar length: a batch takes as long as its longest piece.
 */
export function toBatches(pieces: readonly Piece[], threads: number): Piece[][] {
  const count = Math.max(Math.ceil(pieces.length / MAX_BATCH_PIECES), Math.min(threads, pieces.length));
  const byLength = pieces.toSorted((a, b) => b.end - b.start - (a.end - a.start));
  const boundary = (batch: number) => Math.round((batch * pieces.length) / count);
  return Array.from({ length: count }, (_, i) => byLength.slice(boundary(i), boundary(i + 1)));
}

/** Two halves of a piece, cut where it is quietest; null where they would be too short. */
export function halvesOf({ start, end }: Piece, pcm: Float32Array): readonly [Piece, Piece] | null {
  if (end - start < 2 * MIN_PIECE_SAMPLES + QUIET_SAMPLES) return null;
  const margin = Math.max(MIN_PIECE_SAMPLES, Math.floor((end - start) / 4));
  const middle = quietestPosition(pcm, start + margin, end - margin);
  return [
    { start, end: middle },
    { start: middle, end },
  ];
}

/** The middle of the quietest stretch between two positions; of several, the last. */
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
