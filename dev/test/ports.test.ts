import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { firstTakenPort, reservePorts } from '../emulators/ports.ts';

function occupy(port: number): Promise<{ close(): Promise<void> }> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      resolve({
        close: () =>
          new Promise(
            (done) =>
              void server.close(() => {
                done();
              }),
          ),
      });
    });
  });
}

describe('Port reservation', () => {
  it('gives as many distinct free ports as asked for, outside the ranges of outgoing connections', async () => {
    const block = await reservePorts(13);
    try {
      assert.equal(new Set(block.ports).size, 13);
      assert.equal(await firstTakenPort(block.ports), null);
      assert(block.ports.every((port) => port > 20_000 && port < 32_768));
    } finally {
      await block.release();
    }
  });

  it('never gives one port to two suites', async () => {
    const blocks = await Promise.all(Array.from({ length: 6 }, () => reservePorts(13, 7)));
    const ports = blocks.flatMap((block) => block.ports);
    assert.equal(new Set(ports).size, ports.length);
    await Promise.all(blocks.map((block) => block.release()));
  });

  it('skips a block in which another program listens', async () => {
    const first = await reservePorts(3, 11);
    await first.release();
    const intruder = await occupy(first.ports[1]!);
    const second = await reservePorts(3, 11);
    assert(!second.ports.includes(first.ports[1]!));
    await Promise.all([second.release(), intruder.close()]);
  });

  it('reserves a released block again', async () => {
    const first = await reservePorts(3, 13);
    await first.release();
    const second = await reservePorts(3, 13);
    assert.deepEqual(second.ports, first.ports);
    await second.release();
  });

  it('names the port that is taken', async () => {
    const block = await reservePorts(3);
    const intruder = await occupy(block.ports[2]!);
    assert.equal(await firstTakenPort(block.ports), block.ports[2]);
    await Promise.all([block.release(), intruder.close()]);
  });
});
