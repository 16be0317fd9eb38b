import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { watchListeners } from '../emulators/liveness.ts';

async function listener() {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describe('The watch over the emulators', () => {
  it('reports the emulator that has died, once, and not the one that lives', async () => {
    const [alive, dying] = [await listener(), await listener()];
    const dead: string[] = [];
    const unwatch = await new Promise<() => void>((resolve) => {
      const ports = new Map([
        ['storage', alive.port],
        ['firestore', dying.port],
      ]);
      const stop = watchListeners(
        ports,
        (name) => {
          dead.push(name);
          resolve(stop);
        },
        { everyMs: 5 },
      );
      dying.server.close();
    });
    unwatch();
    alive.server.close();
    assert.deepEqual(dead, ['firestore']);
  });
});
