import assert from 'node:assert/strict';
import { AppError } from '../../src/errors.ts';

/** The code of the AppError that it must end with. */
export async function codeOf(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.then(
    () => assert.fail('It was accepted.'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AppError, String(error));
  return error.code;
}
