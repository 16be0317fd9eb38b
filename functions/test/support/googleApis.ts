/** A small stand-in for Google's REST APIs: it gives the answers of a test, and 404 at all other addresses. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GoogleApis {
  readonly origin: string;
  /** The requested addresses, each after its service: `storage/storage/v1/b/bucket`. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** @param answers by service and path, without the query. A number is a status. */
export async function startGoogleApis(answers: Readonly<Record<string, unknown>>): Promise<GoogleApis> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    const address = decodeURIComponent((req.url ?? '').slice(1).split('?')[0] ?? '');
    asked.push(address);
    const isKnown = req.headers.authorization === 'Bearer token';
    const answer = isKnown ? (answers[address] ?? 404) : 401;
    const [status, body] =
      typeof answer === 'number' ? [answer, { error: { message: `It is ${answer}.` } }] : [200, answer];
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
