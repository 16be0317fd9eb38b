/** Failures of Firestore that pass. */

/**
 * gRPC statuses that say nothing about what was written: CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED,
 * INTERNAL and UNAVAILABLE.
 */
const PASSING: ReadonlySet<unknown> = new Set([1, 2, 4, 8, 10, 13, 14]);

export function isPassing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && PASSING.has(error.code);
}
