/** Query strings, checked. */
import type { Request } from 'firebase-functions/v2/https';
import type * as z from 'zod';
import { AppError } from '../errors.ts';

/** @throws AppError `invalid_request`, with a sentence for every parameter that is wrong. Unknown parameters are ignored. */
export function parseQuery<T>(req: Request, schema: z.ZodType<T>): T {
  const result = schema.safeParse(req.query);
  if (result.success) return result.data;
  throw new AppError('invalid_request', { message: sentences(result.error) });
}

/** "limit: a number from 1 to 100. status: one of …." */
export function sentences(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.length === 0 ? '' : `${path.join('.')}: `}${message}.`)
    .join(' ');
}
