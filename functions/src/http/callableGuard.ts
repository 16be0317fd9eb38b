/**
 * Checks the body of every callable before firebase-functions sees it. firebase-functions copies all of `data` before it calls a
 * handler, logs bodies that it does not understand, and answers 500 to some values. So bodies that are too large or malformed are
 * refused first.
 */
import { onCall } from 'firebase-functions/v2/https';
import type { CallableOptions, Request, Response } from 'firebase-functions/v2/https';
import { region } from '../config.ts';
import { AppError } from '../errors.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { toHttpsError } from './callable.ts';
import type { CallableHandler } from './callable.ts';
import { MAX_PARSED_BYTES } from './plainBodies.ts';

/** Values in `data`, at any depth. The longest manifest has 4,000. */
const MAX_VALUES = 20_000;
/** Depth of nested objects and lists. A manifest has 3. */
const MAX_DEPTH = 10;

/** The default options of callables. Anyone may call them: their handlers check the ID token. */
export const CALLABLE_OPTIONS = {
  region,
  memory: '512MiB',
  concurrency: 20,
  timeoutSeconds: 60,
} as const satisfies CallableOptions;

/** Declares a callable behind the checks of {@link guarded}. @param load creates its handler with the first call. */
export function onGuardedCall<View>(options: CallableOptions, load: () => Promise<CallableHandler<View>>) {
  return guarded(onCall(options, lazily(load)), cloudLogger);
}

type Handler = (req: Request, res: Response) => unknown;

/** @returns the same callable behind the checks, with all properties that deployment and tests need. */
export function guarded<Callable extends Handler>(callable: Callable, logger: Logger): Callable {
  const guard: Handler = (req, res) => {
    const refusal = req.method === 'POST' ? refusalOf(req) : null;
    if (refusal === null) return callable(req, res);
    const error = toHttpsError(refusal);
    logger.warn('call.refused', { stage: 'request', code: refusal.code, bytes: bodyLength(req) });
    res.set('Access-Control-Allow-Origin', '*');
    res.status(error.httpErrorCode.status).json({ error: error.toJSON() });
    return undefined;
  };
  return Object.defineProperties(guard, Object.getOwnPropertyDescriptors(callable)) as Callable;
}

function refusalOf(req: Request): AppError | null {
  if (bodyLength(req) > MAX_PARSED_BYTES) return tooLarge();
  if (!/^application\/json\s*(;|$)/i.test(req.get('Content-Type') ?? ''))
    return malformed('Send application/json, with its Content-Length and not packed.');
  const body: unknown = req.body;
  if (typeof body !== 'object' || body === null || !('data' in body) || Object.keys(body).length > 1) {
    return malformed('Send {"data": …} and nothing beside it.');
  }
  return refusalOfData(body.data);
}

/** Walks level by level, so that depth needs no stack, and ends with the first value beyond the limit. */
function refusalOfData(data: unknown): AppError | null {
  let count = 0;
  let level: unknown[] = [data];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return malformed(`Values lie more than ${String(MAX_DEPTH)} deep in one another.`);
    const next: unknown[] = [];
    for (const value of level) {
      count++;
      if (typeof value !== 'object' || value === null) continue;
      // firebase-functions reads it as a type of Protocol Buffers, and answers 500 if it does not know the type.
      if (Object.hasOwn(value, '@type')) return malformed('The key "@type" is not taken.');
      const members = Object.values(value) as unknown[];
      if (count + next.length + members.length > MAX_VALUES) return tooLarge();
      for (const member of members) next.push(member);
    }
    level = next;
  }
  return null;
}

/** Length of the body that the framework has parsed; 0 for a request without a body. */
function bodyLength(req: Request): number {
  return (req.rawBody as Buffer | undefined)?.length ?? 0;
}

function malformed(message: string): AppError {
  return new AppError('invalid_request', { message });
}

function tooLarge(): AppError {
  return new AppError('payload_too_large', { message: 'The request has more values or bytes than any call needs.' });
}
