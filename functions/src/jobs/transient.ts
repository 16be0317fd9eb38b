/** Failures of Firestore after which the same call may succeed. */

/**
 * gRPC statuses that say nothing about what was written: CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED,
 * INTERNAL and UNAVAILABLE.
 */
const TRANSIENT: ReadonlySet<unknown> = new Set([1, 2, 4, 8, 10, 13, 14]);

export function isTransient(error: unknown): boolean {
  return error instanceof Error && 'code' in error && TRANSIENT.has(error.code);
}
