import assert from 'node:assert/strict';
import { AppError } from '../../src/errors.ts';

/** Whether the gRPC status is ABORTED: a lock was not free in time, or another transaction conflicted. */
export function isContention(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 10;
}

/** The code of the AppError with which the call must fail. */
export async function codeOf(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.then(
    () => assert.fail('It was accepted.'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AppError, String(error));
  return error.code;
}
