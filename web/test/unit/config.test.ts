import assert from 'node:assert/strict';
import { configIn, firebaseConfig } from '../../src/firebase/config.ts';

describe('The configuration from the host', () => {
  it('is accepted if it names a project, and nothing else is', () => {
    assert.deepEqual(configIn('{"projectId":"demo-sync","apiKey":"x"}'), { projectId: 'demo-sync', apiKey: 'x' });
    for (const other of ['', '<html>Sign in</html>', '{}', '[]', 'null', '"x"', '{"projectId":7}'])
      assert.equal(configIn(other), null, other);
  });

  it('is requested again if a portal answered in its place, and then stored', async () => {
    const { fetch } = globalThis;
    const stored = new Map([['firebase-config', '<html>Sign in</html>']]);
    const localStorage = {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
    };
    Object.assign(globalThis, { fetch: () => Promise.resolve(new Response('<html>Sign in</html>')) });
    Object.defineProperty(globalThis, 'localStorage', { value: localStorage, configurable: true });
    await assert.rejects(firebaseConfig(), /does not know its Firebase project/);
    globalThis.fetch = () => Promise.resolve(Response.json({ projectId: 'demo-sync' }));
    assert.deepEqual(await firebaseConfig(), { projectId: 'demo-sync' });
    assert.deepEqual([...stored.values()], ['{"projectId":"demo-sync"}']);
    globalThis.fetch = fetch;
    Reflect.deleteProperty(globalThis, 'localStorage');
  });
});
