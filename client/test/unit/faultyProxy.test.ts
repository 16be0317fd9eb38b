import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { Random } from '../../../functions/test/crash/random.ts';
import { until } from '../../../functions/test/support/until.ts';
import { FaultyProxy } from '../network/proxy.ts';

const UPLOAD = '/syncUpload';

describe('The proxy of the network suite', () => {
  let server: Server;
  let proxy: FaultyProxy;
  let origin: string;
  /** Lets the server answer. */
  let answer: () => void;
  /** Resolves when the server has the request. */
  let hasArrived: Promise<void>;

  const closing = closeAfterEach();
  beforeEach(async () => {
    const mayAnswer = new Promise<void>((resolve) => {
      answer = resolve;
    });
    hasArrived = new Promise((resolve) => {
      server = closing(
        createServer((request, response) => {
          request.resume().once('end', () => {
            if (request.url !== UPLOAD) {
              response.end();
              return;
            }
            resolve();
            void mayAnswer.then(() => response.writeHead(202).end('{}'));
          });
        }),
        (it) => {
          it.closeAllConnections();
          it.close();
        },
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const functions = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    proxy = closing(
      new FaultyProxy({ functions, storage: functions, firestore: '', random: new Random(1), faultRate: 0 }),
    );
    origin = (await proxy.listen()).http;
  });

  const upload = (signal: AbortSignal): Promise<Response> =>
    fetch(origin + UPLOAD, { method: 'POST', headers: { 'idempotency-key': 'a' }, body: 'audio', signal });

  it('counts a request as answered if the client gets the answer', async () => {
    answer();
    assert.equal((await upload(new AbortController().signal)).status, 202);
    await until(() => proxy.audio[0]?.wasAnswered === true);
  });

  it('does not count a request as answered if the client has given up before the answer', async () => {
    const givingUp = new AbortController();
    const given = upload(givingUp.signal);
    await hasArrived;
    givingUp.abort();
    await assert.rejects(given);
    // Another request takes its turn after the end of the connection.
    await fetch(`${origin}/other`);
    answer();
    await until(() => proxy.audio[0]?.wasTaken === true);
    assert.equal(proxy.audio[0]?.wasAnswered, false);
  });
});
