import assert from 'node:assert/strict';
import { lazily } from '../../src/lazily.ts';

describe('lazily', () => {
  it('makes the handler once, at the first call', async () => {
    let made = 0;
    const handler = lazily(() => {
      made += 1;
      return Promise.resolve((n: number) => Promise.resolve(n + 1));
    });
    assert.equal(made, 0);
    assert.deepEqual(await Promise.all([handler(1), handler(2)]), [2, 3]);
    assert.equal(made, 1);
  });

  it('makes the handler again if that failed', async () => {
    let tries = 0;
    const handler = lazily(() => {
      tries += 1;
      return tries === 1 ? Promise.reject(new Error('not loaded')) : Promise.resolve(() => Promise.resolve('done'));
    });
    await assert.rejects(handler(), /not loaded/);
    assert.equal(await handler(), 'done');
  });
});
