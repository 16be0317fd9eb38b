/** The frame around every HTTP function: methods, CORS, the shape of errors, the request log. */
import type { Request, Response } from 'firebase-functions/v2/https';
import { SHARE_TOKEN_HEADER } from 'offline-audio-sync-contract';
import type { ProblemBody } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { toAppError, toProblem } from './problem.ts';

/** The answer of a handler. Every failure is an AppError that it throws. */
export interface Reply {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** For the request log: ids and counts, never content. */
  readonly log?: Readonly<Record<string, unknown>>;
}

export interface RouteOptions {
  /** For the request log. */
  readonly name: string;
  readonly method: Method | readonly Method[];
  readonly logger: Logger;
  /** The body of an error; the default is the contract's shape. */
  readonly errorBody?: (problem: ProblemBody) => object;
  /** Additional headers of an error. */
  readonly errorHeaders?: (problem: ProblemBody) => Readonly<Record<string, string>>;
}

export type Method = 'GET' | 'POST';

export type HttpHandler = (req: Request, res: Response) => Promise<void>;

/**
 * Any origin may call. A request is authorised by its token, never by a cookie that a browser adds by itself, so another site cannot
 * misuse a user's session.
 */
const CORS_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Location, Retry-After',
};
const PREFLIGHT_HEADERS = {
  'Access-Control-Allow-Headers': `Authorization, Content-Type, Idempotency-Key, X-Firebase-AppCheck, ${SHARE_TOKEN_HEADER}`,
  'Access-Control-Max-Age': '3600',
};

export function route(options: RouteOptions, handle: (req: Request) => Promise<Reply>): HttpHandler {
  const { name, method, logger, errorBody = (problem: ProblemBody) => problem, errorHeaders = () => ({}) } = options;
  // RFC 9110, 9.1: HEAD goes wherever GET goes; Express leaves the body out.
  const methods = [method].flat().flatMap((each) => (each === 'GET' ? ['GET', 'HEAD'] : [each]));
  const allow = [...methods, 'OPTIONS'].join(', ');

  async function answer(req: Request): Promise<Reply> {
    try {
      if (!methods.includes(req.method)) throw new AppError('method_not_allowed');
      return await handle(req);
    } catch (error) {
      const { status, headers, body } = toProblem(toAppError(error, logger));
      const allowed = status === 405 ? { Allow: allow } : {};
      return {
        status,
        headers: { ...headers, ...allowed, ...errorHeaders(body) },
        body: errorBody(body),
        log: { code: body.error.code },
      };
    }
  }

  return async (req, res) => {
    res.set(CORS_HEADERS);
    if (req.method === 'OPTIONS') {
      res.set({ ...PREFLIGHT_HEADERS, 'Access-Control-Allow-Methods': allow, Allow: allow });
      res.status(204).end();
      return;
    }
    const startedMs = performance.now();
    const { status, body, headers = {}, log = {} } = await answer(req);
    // Also keeps Hosting's CDN from serving one user's answer to another.
    res.set({ 'Cache-Control': 'private, no-store', ...headers });
    res.status(status).json(body);
    const ms = Math.round(performance.now() - startedMs);
    logger.info('request.answered', { route: name, method: req.method, status, ms, ...log });
  };
}
