/** The real Storage client, with a server that gives the answers of a test. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Storage } from '@google-cloud/storage';
import { stagingBucket } from '../../src/storage/bucket.ts';
import type { Bucket } from '../../src/storage/bucket.ts';

export interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

export interface Says {
  readonly status: number;
  readonly body?: object;
  /** It answers after this has resolved. */
  readonly after?: Promise<unknown>;
}

export class StorageServer {
  /** The answers in this order; then 500. */
  answers: Says[] = [];
  seen: Seen[] = [];
  readonly bucket: Bucket;
  readonly #server: Server;

  static async start(): Promise<StorageServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new StorageServer(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (req, res) => {
      void readAll(req).then(async (body) => {
        this.seen.push({ method: req.method ?? '', url: new URL(req.url ?? '', 'http://storage'), body });
        const { status, body: answer = {}, after } = this.answers.shift() ?? { status: 500 };
        await after;
        res
          .writeHead(status, { 'Content-Type': 'application/json' })
          .end(status === 204 ? undefined : JSON.stringify(answer));
      });
    });
    const { port } = server.address() as AddressInfo;
    const storage = new Storage({
      apiEndpoint: `http://127.0.0.1:${String(port)}`,
      projectId: 'p',
      useAuthWithCustomEndpoint: false,
      retryOptions: { maxRetryDelay: 1 },
    });
    // The library of firebase-admin, loaded as an ES module: its classes have other identities and the same shape.
    this.bucket = stagingBucket({ bucket: () => storage.bucket('bucket') as unknown as Bucket });
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve).closeAllConnections();
    });
  }
}

async function readAll(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}
