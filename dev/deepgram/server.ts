/**
 * A stand-in for Deepgram's pre-recorded API, for development and tests: see README.md in this folder.
 * On its own: `node dev/deepgram/server.ts [--port 8790] [--samples <folder>]`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { Behaviours } from './behaviours.ts';
import { readBody, sendJson } from './httpJson.ts';
import { SampleLibrary } from './library.ts';
import { listen, type ListenDependencies } from './listen.ts';
import { behaviourSchema, registrationSchema } from './protocol.ts';
import { read } from './read.ts';
import { Registrations } from './registrations.ts';
import { RequestLog } from './requestLog.ts';
import { errorResponse } from './response.ts';

export interface StandInOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Folder of recordings and sidecars to recognise; the bundled samples by default. */
  readonly samplesDir?: string;
  /** Prints nothing. */
  readonly quiet?: boolean;
}

export interface StandIn {
  readonly url: string;
  /** Breaks open requests off. */
  close(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void;

export async function startDeepgramStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const library = new SampleLibrary();
  library.addFolder(options.samplesDir);
  const closing = new AbortController();
  const routes = routesOf({ library, behaviours: new Behaviours(), log: new RequestLog(), signal: closing.signal });
  const report = options.quiet === true ? () => undefined : (line: string) => process.stdout.write(`${line}\n`);

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const handler = routes.get(`${request.method ?? ''} ${url.pathname}`);
    response.on('finish', () => {
      if (url.pathname.startsWith('/v1/'))
        report(`deepgram stand-in: ${request.method ?? ''} ${url.pathname} ${response.statusCode}`);
    });
    if (handler === undefined) {
      sendJson(response, 404, errorResponse(404, 'none'));
      return;
    }
    void Promise.resolve(handler(request, response, url)).catch((error: unknown) => {
      fail(response, error);
    });
  });
  // Large uploads and told delays may outlast Node's default.
  server.requestTimeout = 0;
  // A connection that is closed while its client, held up for seconds, sends the next request fails that request.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        closing.abort();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function routesOf(deps: ListenDependencies): Map<string, Handler> {
  const { behaviours, log } = deps;
  const registrations = new Registrations(deps.library);
  const done = (response: ServerResponse): void => {
    sendJson(response, 200, {});
  };
  return new Map<string, Handler>([
    ['POST /v1/listen', (request, response, url) => listen(request, response, url, deps)],
    ['POST /v1/read', (request, response, url) => read(request, response, url, deps.log)],
    [
      'GET /_standin/log',
      (_request, response) => {
        sendJson(response, 200, log.snapshot());
      },
    ],
    [
      'DELETE /_standin/log',
      (_request, response) => {
        log.reset();
        done(response);
      },
    ],
    [
      'POST /_standin/behaviour',
      async (request, response) => {
        behaviours.set(z.array(behaviourSchema).parse(await readJson(request)));
        done(response);
      },
    ],
    [
      'DELETE /_standin/behaviour',
      (_request, response) => {
        behaviours.set([]);
        done(response);
      },
    ],
    [
      'POST /_standin/samples',
      async (request, response) => {
        registrations.add(registrationSchema.parse(await readJson(request)));
        done(response);
      },
    ],
  ]);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  return JSON.parse((await readBody(request)).toString()) as unknown;
}

/** A mistake in what a test sent, or in the stand-in. Its text says so, so that it is not taken for Deepgram's answer. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const isInput = error instanceof z.ZodError || error instanceof SyntaxError;
  sendJson(response, isInput ? 400 : 500, {
    message: `stand-in: ${error instanceof Error ? error.message : String(error)}`,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '8790' }, samples: { type: 'string' } } });
  const standIn = await startDeepgramStandIn({
    port: Number(values.port),
    ...(values.samples !== undefined && { samplesDir: values.samples }),
  });
  process.stdout.write(`deepgram stand-in: ${standIn.url}\n`);
}
