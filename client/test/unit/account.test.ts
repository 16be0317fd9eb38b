/** Accounts that the server does not serve. This fails no recording, and the user is told. */
import assert from 'node:assert/strict';
import { SyncError } from '../../src/errors.ts';
import { problem } from '../support/fakeWire.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

describe('An account that the server does not serve', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });

  it('is reported as gone if it was deleted, and its recordings are kept', async () => {
    const { backend } = world.server;
    let isGone = true;
    const client = await world.client({
      backend: {
        ...backend,
        idToken: (refresh) => (isGone ? Promise.reject(new SyncError('account_gone')) : backend.idToken(refresh)),
      },
    });
    await world.add(client);
    await world.clock.advance(30 * HOUR_MS);
    const { state, reason, message } = client.status();
    assert.deepEqual([state, reason], ['signed_out', 'account_gone']);
    assert.match(message ?? '', /deleted or disabled/);
    assert.deepEqual(states(client), ['uploading']);
    assert.ok(world.server.requests.length === 0, 'no request is made for it');
    isGone = false;
    await world.clock.advance(10 * MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
  });

  for (const code of ['sign_up_not_allowed', 'app_check_failed', 'unauthenticated']) {
    it(`(${code}) keeps its recordings waiting until that has changed, and none fails`, async () => {
      let isServed = false;
      const asked: boolean[] = [];
      const { backend } = world.server;
      const client = await world.client({
        backend: {
          ...backend,
          idToken: (refresh) => {
            asked.push(refresh);
            return backend.idToken(refresh);
          },
        },
        fetch: (input, init) =>
          isServed
            ? world.server.fetch(input, init)
            : Promise.resolve(problem(code === 'sign_up_not_allowed' ? 403 : 401, code)),
      });
      for (let i = 0; i < 5; i++) await world.add(client);
      await world.clock.advance(30 * HOUR_MS);
      const { state, reason, message } = client.status();
      assert.deepEqual([state, reason, message], ['signed_out', code, `This is ${code}.`]);
      assert.ok(states(client).every((state) => state === 'uploading' || state === 'waiting'));
      assert.ok(asked.includes(true), 'a new token may say more of the account');
      isServed = true;
      await world.clock.advance(10 * MINUTE_MS);
      assert.deepEqual(new Set(states(client)), new Set(['synced']));
    });
  }

  it('is told of its daily limit in the words of the server, also after a restart', async () => {
    world.server.faults = ['rate_limited'];
    world.server.retryAfterSeconds = 5 * 3600;
    const client = await world.client();
    await world.add(client);
    await world.clock.advance(MINUTE_MS);
    const { state, reason, message } = client.status();
    assert.deepEqual([state, reason, message], ['cooling_down', 'fair_use_restricted', 'This is fair_use_restricted.']);
    await client.dispose();
    const again = await world.client();
    await world.clock.advance(MINUTE_MS);
    assert.equal(again.status().message, message);
  });
});
