/** Query strings, checked. */
import type { Request } from 'firebase-functions/v2/https';
import type * as z from 'zod';
import { requireValid } from '../validation.ts';

/** @throws AppError `invalid_request`, with a sentence for every parameter that is wrong. Unknown parameters are ignored. */
export function parseQuery<T>(req: Request, schema: z.ZodType<T>): T {
  return requireValid(schema, req.query);
}
