/** What an invariant is, and the tools that several of them share. */
import type { ChunkDoc } from '../../src/jobs/chunk.ts';
import type { UserData } from './userData.ts';

export interface Context {
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** `CONVERSATION_GAP_SECONDS` of the project, milliseconds. */
  readonly gapMs: number;
  /**
   * How long something may be overdue, milliseconds: a lease that ran out, a clean-up after the end. The platform's retries
   * and the sweeper need some minutes.
   */
  readonly graceMs: number;
}

/** Says in one sentence each what is wrong with a user's data, with ids and figures, never words; empty when nothing is. */
export type Invariant = (data: UserData, context: Context) => string[];

export interface DoneChunk {
  readonly id: string;
  readonly jobId: string;
  readonly chunk: ChunkDoc;
  readonly writtenAtMs: number;
}

export function doneChunks({ chunks }: UserData): readonly DoneChunk[] {
  return chunks;
}

/**
 * Whether no job that finished a recording was deleted since. Segments, conversations and usage outlive the jobs and chunks
 * they came from, so with an older history sums can be compared with their parts in one direction only.
 */
export function hasWholeHistory(data: UserData): boolean {
  const { recordings, jobs } = data;
  return [...recordings.values()].every(({ state, jobId }) => state !== 'done' || jobs.has(jobId));
}

/** Figures that were added in another order differ in their last digits. */
const ROUNDING = 1e-3;

export function isClose(a: number, b: number, tolerance: number = ROUNDING): boolean {
  return Math.abs(a - b) <= tolerance;
}

export function sumOf<T>(items: Iterable<T>, value: (item: T) => number | null | undefined): number {
  let total = 0;
  for (const item of items) total += value(item) ?? 0;
  return total;
}
