/** The type of an invariant, and functions that several invariants use. */
import type { ChunkDoc } from '../../src/jobs/chunk.ts';
import type { UserData } from './userData.ts';

export interface Context {
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** `CONVERSATION_GAP_SECONDS` of the project, milliseconds. */
  readonly gapMs: number;
  /**
   * How long something may be overdue, milliseconds, such as the takeover of an expired lease or the clean-up of an ended job: the
   * platform's retries and the sweeper need some minutes.
   */
  readonly graceMs: number;
}

/** Returns a sentence for each thing that is wrong with a user's data, with ids and figures, but never with spoken words. */
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
 * Whether all jobs that have processed a recording still exist. Segments, conversations and usage are kept longer than the jobs and
 * chunks from which they come. So if a job was deleted, a sum may be larger than its parts.
 */
export function hasWholeHistory(data: UserData): boolean {
  const { recordings, jobs } = data;
  return [...recordings.values()].every(({ state, jobId }) => state !== 'done' || jobs.has(jobId));
}

/** Sums in different orders differ in their last digits. */
const ROUNDING = 1e-3;

export function isClose(a: number, b: number, tolerance: number = ROUNDING): boolean {
  return Math.abs(a - b) <= tolerance;
}

export function sumOf<T>(items: Iterable<T>, value: (item: T) => number | null | undefined): number {
  let total = 0;
  for (const item of items) total += value(item) ?? 0;
  return total;
}
