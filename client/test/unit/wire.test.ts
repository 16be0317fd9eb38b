/** Answers on a real connection, by Node's own fetch: they break off, never end, are not HTTP, or redirect. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { RequestError } from '../../src/errors.ts';
import { Http } from '../../src/http.ts';
import { systemClock } from '../../src/time.ts';

/**
 * The clock of a request that may never be answered runs this much faster: a minute of waiting takes a fifth of a second. Any other
 * request may take longer than that on a busy machine.
 */
const SPEED = 300;
const fastClock = { ...systemClock, sleep: (ms: number, signal: AbortSignal) => systemClock.sleep(ms / SPEED, signal) };
const BODY = new Uint8Array(200_000);

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
const JOB = '{"job_id":"a","file_count":1}';

/** What a machine on the way does with a connection after the beginning of a request. */
const CONNECTIONS: Readonly<Record<string, (socket: Socket) => void>> = {
  'is reset': (socket) => socket.resetAndDestroy(),
  'is closed without an answer': (socket) => socket.end(),
  'answers no HTTP': (socket) => socket.end('220 mail.hotel.test ESMTP\r\n'),
  'answers with the alert of TLS': (socket) => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 40])),
  'answers in HTTP/2 that it goes away': (socket) =>
    socket.end(Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
  'is cut in the middle of the head': (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Ty'),
  'is cut in the middle of the body': (socket) => socket.end(`${OK}Content-Length: 500\r\n\r\n${JOB}`),
  'is cut in the middle of JSON of unknown length': (socket) =>
    socket.end(`${OK}Connection: close\r\n\r\n${JOB.slice(0, 9)}`),
  'is cut in the middle of a chunk': (socket) => socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\nff\r\n${JOB}`),
  'answers with chunks that never end': (socket) => {
    socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
    const timer = setInterval(() => socket.write('1\r\n{\r\n'), 10);
    socket.on('close', () => {
      clearInterval(timer);
    });
  },
  'says to continue, and nothing after that': (socket) => socket.write('HTTP/1.1 100 Continue\r\n\r\n'),
  'answers with what only claims to be gzip': (socket) =>
    socket.end(`${OK}Content-Encoding: gzip\r\nContent-Length: 7\r\n\r\nnot zip`),
  'answers 200 with nothing': (socket) => socket.end(`${OK}Content-Length: 0\r\n\r\n`),
  'answers 204': (socket) => socket.end('HTTP/1.1 204 No Content\r\n\r\n'),
  'takes the whole request, and says nothing': () => undefined,
};

describe('A request on a real connection', () => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  async function listen(server: Server): Promise<string> {
    servers.push(server);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('error', () => undefined));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const post = (url: string, clock = systemClock) => {
    const http = new Http({ backend: { idToken: () => Promise.resolve('token') }, fetch, clock });
    return http.send({ to: 'functions', url, method: 'POST', body: BODY, signal: new AbortController().signal });
  };

  for (const [what, answer] of Object.entries(CONNECTIONS)) {
    it(`does not decide about the recording if it ${what}`, async () => {
      const url = await listen(
        createServer((socket) => {
          socket.once('data', () => {
            answer(socket.on('data', () => undefined));
          });
        }),
      );
      const result = await post(url, fastClock).catch((error: unknown) => error);
      if (result instanceof Error) {
        assert.ok(result instanceof RequestError, String(result));
        assert.equal(result.kind, 'network');
      } else {
        // The head arrived whole. That the body is not from our server is found when it is read.
        assert.equal((result as { json: unknown }).json, null);
      }
    });
  }

  it('does not decide about the recording if the name cannot be resolved', async () => {
    await assert.rejects(post('http://no-such-machine.invalid'), { kind: 'network', code: 'network' });
  });

  it('is not sent on with audio and token when the answer redirects to another machine', async () => {
    let strayed = 0;
    const portal = await listen(
      createHttpServer((request, response) => {
        strayed += 1;
        request.resume();
        response.end('{"job_id":"stolen"}');
      }),
    );
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await listen(
        createHttpServer((request, response) => {
          request.resume().on('end', () => response.writeHead(status, { Location: portal }).end());
        }),
      );
      assert.equal((await post(url)).json, null);
    }
    assert.equal(strayed, 0);
  });
});
