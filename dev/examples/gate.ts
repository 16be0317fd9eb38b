/** A proxy between an example and the suite: lets requests through or cuts them off, and notes the pieces of uploads. */
import { createServer, request as forward } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Origins {
  readonly functions: string;
  readonly storage: string;
  readonly firestore: string;
}

export interface Gate {
  readonly origin: string;
  /** The offsets of the pieces that Storage received. */
  readonly offsets: readonly number[];
  /** Called before a request goes through. If it returns false, the request is cut off. */
  admits: (offset: number | null) => boolean;
  close(): void;
}

export async function openGate(origins: Origins): Promise<Gate> {
  const offsets: number[] = [];
  const server = createServer((req, res) => {
    const isPiece = String(req.headers['x-goog-upload-command']).includes('upload');
    const offset = isPiece ? Number(req.headers['x-goog-upload-offset']) : null;
    if (!gate.admits(offset)) {
      req.socket.destroy();
      return;
    }
    if (offset !== null) offsets.push(offset);
    pass(req, res, originOf(req.url ?? '', origins));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gate: Gate = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    offsets,
    admits: () => true,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return gate;
}

function originOf(url: string, { functions, storage, firestore }: Origins): string {
  if (url.startsWith('/v0/')) return storage;
  return url.startsWith('/v1/projects/') ? firestore : functions;
}

/** The name under which the client called is kept, because Storage makes addresses from it. */
function pass(req: IncomingMessage, res: ServerResponse, origin: string): void {
  const upstream = forward(`${origin}${req.url ?? ''}`, { method: req.method, headers: req.headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(res);
  });
  upstream.on('error', () => res.destroy());
  req.pipe(upstream);
}
