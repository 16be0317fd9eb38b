/** The frame around every callable: authentication, App Check, validation of the input, the shape of errors, the log. */
import { HttpsError } from 'firebase-functions/v2/https';
import type { CallableRequest, FunctionsErrorCode } from 'firebase-functions/v2/https';
import type { CallableProblem } from 'offline-audio-sync-contract';
import type * as z from 'zod';
import type { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { requireValid } from '../validation.ts';
import type { Authenticate, Caller } from './auth.ts';
import { describe, toAppError, waitBeforeRetry } from './problem.ts';

/** The dependencies of every callable. */
export interface CallableDeps {
  /** The same as for the HTTP functions. */
  readonly authenticate: Authenticate;
  readonly logger: Logger;
}

export interface CallableOptions<Input> extends CallableDeps {
  /** For the log. */
  readonly name: string;
  readonly input: z.ZodType<Input>;
}

/** The answer of a callable. Every failure is an AppError that it throws. */
export interface CallableReply<View> {
  readonly view: View;
  /** Ids and counts, never content. */
  readonly log?: Readonly<Record<string, unknown>>;
}

export type CallableHandler<View> = (request: CallableRequest) => Promise<View>;

/**
 * firebase-functions refuses an invalid ID token before this runs. A valid token is checked again by the same code as for the HTTP
 * functions, so that one place decides who may call.
 * @throws HttpsError with a {@link CallableProblem} in its details.
 */
export function callable<Input, View>(
  { name, input, authenticate, logger }: CallableOptions<Input>,
  handle: (caller: Caller, input: Input) => Promise<CallableReply<View>>,
): CallableHandler<View> {
  return async (request) => {
    const startedMs = performance.now();
    const done = (fields: Readonly<Record<string, unknown>>): void => {
      logger.info('call.answered', { route: name, ms: Math.round(performance.now() - startedMs), ...fields });
    };
    try {
      const caller = await authenticate(request.rawRequest);
      const { view, log } = await handle(caller, requireValid(input, request.data));
      done({ uid: caller.uid, ...log });
      return view;
    } catch (thrown) {
      const error = toAppError(thrown, logger);
      done({ code: error.code });
      throw toHttpsError(error);
    }
  };
}

/** The code that Firebase's SDKs show for each status of the catalogue; the default is `invalid-argument`. */
const SDK_CODES: Readonly<Partial<Record<number, FunctionsErrorCode>>> = {
  401: 'unauthenticated',
  403: 'permission-denied',
  404: 'not-found',
  409: 'failed-precondition',
  410: 'failed-precondition',
  429: 'resource-exhausted',
  500: 'internal',
  503: 'unavailable',
};

export function toHttpsError(error: AppError): HttpsError {
  const problem: CallableProblem = { ...describe(error), retry_after_seconds: waitBeforeRetry(error) };
  return new HttpsError(SDK_CODES[error.status] ?? 'invalid-argument', problem.message, problem);
}
