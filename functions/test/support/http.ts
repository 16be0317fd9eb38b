/** Calls an HTTP handler without a server: as much of Express as the handlers use. */
import assert from 'node:assert/strict';
import type { Request, Response } from 'firebase-functions/v2/https';
import type { ProblemBody } from 'offline-audio-sync-contract';
import type { HttpHandler } from '../../src/http/route.ts';

export interface CallOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | string[]>>;
  readonly rawBody?: Uint8Array;
}

/** The answer, over HTTP or not. */
export class Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON, with the type of a success; the tests check everything else. */
  readonly body: Body;

  constructor(status: number, headers: Headers, body: unknown) {
    this.status = status;
    this.headers = headers;
    this.body = body as Body;
  }

  /** The error in an answer that must have one. */
  get problem(): ProblemBody['error'] {
    const { error } = this.body as ProblemBody;
    assert.deepEqual(Object.keys(error), ['code', 'message', 'details']);
    return error;
  }
}

export async function call<Body = unknown>(handler: HttpHandler, options: CallOptions = {}): Promise<Answer<Body>> {
  const { method = 'GET', path = '/', headers = {}, query = {}, rawBody } = options;
  const sent = new Headers(headers);
  const req = { method, path, query, rawBody, get: (name: string) => sent.get(name) ?? undefined };

  let status = 200;
  let body: unknown = null;
  const received = new Headers();
  const res = {
    set(fields: Readonly<Record<string, string>>) {
      for (const [name, value] of Object.entries(fields)) received.set(name, value);
      return res;
    },
    status(code: number) {
      status = code;
      return res;
    },
    json(value: unknown) {
      body = JSON.parse(JSON.stringify(value));
    },
    end() {
      body = null;
    },
  };
  await handler(req as unknown as Request, res as unknown as Response);
  return new Answer(status, received, body);
}
