/** Users and networks set clocks forward and back. No wait of the client depends on that. */
import assert from 'node:assert/strict';
import type { SyncClient } from '../../src/client.ts';
import type { SyncClientOptions } from '../../src/options.ts';
import type { Fault } from '../support/fakeServer.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

const DAY_MS = 24 * HOUR_MS;
const JUMPS = { 'back by a day': -DAY_MS, 'back by four years': -4 * 365 * DAY_MS, 'forward by a year': 365 * DAY_MS };

interface Situation {
  readonly faults: readonly Fault[];
  readonly retryAfterSeconds?: number;
  readonly options?: (world: World) => Partial<SyncClientOptions>;
  /** How long it may take from here if the clock is not set, milliseconds. */
  readonly withinMs: number;
}

const SITUATIONS: Readonly<Record<string, Situation>> = {
  'backs off from a network': { faults: ['refused', 'refused', 'refused'], withinMs: 2 * MINUTE_MS },
  'backs off from a server that fails': { faults: ['failing', 'failing', 'failing'], withinMs: 2 * MINUTE_MS },
  'is told to wait for ten minutes': { faults: ['busy'], retryAfterSeconds: 600, withinMs: 12 * MINUTE_MS },
  'waits for an answer that never comes': { faults: ['hang'], withinMs: 3 * MINUTE_MS },
  'follows a job': { faults: [], withinMs: MINUTE_MS },
  'waits for more recordings': { faults: [], options: () => ({ gatherMs: 30_000 }), withinMs: MINUTE_MS },
  'backs off from Storage in the middle of an upload': {
    faults: ['none', 'none', 'refused', 'refused', 'refused'],
    options: () => ({ limits: { maxRequestBytes: 1 } }),
    withinMs: 2 * MINUTE_MS,
  },
  'waits for the event of an object': {
    faults: [],
    options: (world) => {
      world.server.losesEvents = true;
      return { limits: { maxRequestBytes: 1 } };
    },
    withinMs: 6 * MINUTE_MS,
  },
  'waits for a token that never comes': {
    faults: [],
    options: ({ server }) => {
      let asked = 0;
      const idToken = (): Promise<string | null> =>
        asked++ === 0 ? new Promise(() => undefined) : server.backend.idToken(false);
      return { backend: { ...server.backend, idToken } };
    },
    withinMs: 3 * MINUTE_MS,
  },
  'waits for a network, by what the platform says': {
    faults: [],
    options: () => ({ network: { isOnline: () => false, onChange: () => () => undefined } }),
    withinMs: 3 * MINUTE_MS,
  },
};

describe('A client whose wall clock is set', () => {
  for (const [direction, jumpMs] of Object.entries(JUMPS)) {
    for (const [what, { faults, retryAfterSeconds = 30, options, withinMs }] of Object.entries(SITUATIONS)) {
      it(`waits no minute longer if it is set ${direction} while it ${what}`, async () => {
        const world = new World();
        const client = await world.client(options?.(world));
        world.server.faults = [...faults];
        world.server.retryAfterSeconds = retryAfterSeconds;
        await world.add(client);
        await world.clock.advance(1000);
        world.clock.jump(jumpMs);
        await world.clock.advance(withinMs + MINUTE_MS);
        assert.deepEqual(states(client), ['synced']);
        assert.deepEqual(world.device.errors, []);
      });
    }

    it(`gathers, uploads and follows recordings that are added after it was set ${direction}`, async () => {
      const world = new World();
      const client = await world.client({ gatherMs: 1000 });
      await world.add(client);
      world.clock.jump(jumpMs);
      await world.add(client);
      await world.clock.advance(2 * MINUTE_MS);
      assert.deepEqual(states(client), ['synced', 'synced']);
    });

    it(`waits no longer than the server asked if it was set ${direction} between two starts`, async () => {
      const world = new World();
      const first = await world.client();
      world.server.faults = ['busy'];
      world.server.retryAfterSeconds = 600;
      await world.add(first);
      await world.clock.advance(1000);
      world.device.kill();
      world.clock.jump(jumpMs);
      const second: SyncClient = await world.client();
      await world.clock.advance(13 * MINUTE_MS);
      assert.deepEqual(states(second), ['synced']);
    });
  }
});
