import assert from 'node:assert/strict';
import { AppError } from '../../src/errors.ts';

/** gRPC status ABORTED: it waited in vain for a lock, or its transaction met another. */
export function isContention(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 10;
}

/** The code of the AppError that it must end with. */
export async function codeOf(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.then(
    () => assert.fail('It was accepted.'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AppError, String(error));
  return error.code;
}
