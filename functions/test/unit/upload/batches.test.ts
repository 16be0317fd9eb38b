import assert from 'node:assert/strict';
import { inBatches } from '../../../src/upload/batches.ts';

describe('batches', () => {
  let calls: { key: string; items: readonly number[]; end: (error?: Error) => void }[];
  const work = (key: string, items: readonly number[]) =>
    new Promise<void>((resolve, reject) => {
      const end = (error?: Error): void => {
        if (error === undefined) resolve();
        else reject(error);
      };
      calls.push({ key, items, end });
    });
  const turn = () => new Promise(setImmediate);
  const seen = () => calls.map(({ key, items }) => [key, ...items]);
  beforeEach(() => {
    calls = [];
  });

  it('begin with what is there, and collect what arrives meanwhile', async () => {
    const take = inBatches(work, 2);
    const first = take('a', 1);
    await turn();
    const rest = Promise.all([take('a', 2), take('a', 3)]);
    await turn();
    assert.deepEqual(seen(), [['a', 1]]);
    calls[0]!.end();
    await first;
    await turn();
    assert.deepEqual(seen(), [
      ['a', 1],
      ['a', 2, 3],
    ]);
    calls[1]!.end();
    await rest;
  });

  it('of one key pause between two, and collect what arrives then', async () => {
    const take = inBatches(work, 2, 50);
    const first = take('a', 1);
    await turn();
    calls[0]!.end();
    await first;
    const rest = Promise.all([take('a', 2), take('a', 3)]);
    await turn();
    assert.deepEqual(seen(), [['a', 1]]);
    while (calls.length < 2) await turn();
    calls[1]!.end();
    await rest;
    assert.deepEqual(seen().at(-1), ['a', 2, 3]);
  });

  it('of other keys do not wait', async () => {
    const take = inBatches(work, 2);
    void take('a', 1);
    void take('b', 2);
    await turn();
    assert.deepEqual(seen(), [
      ['a', 1],
      ['b', 2],
    ]);
  });

  it('of more keys than may run at once wait for their turn', async () => {
    const receive = inBatches(work, 1);
    const first = receive('a', 1);
    void receive('b', 2);
    await turn();
    void receive('b', 3);
    assert.deepEqual(seen(), [['a', 1]]);
    calls[0]!.end();
    await first;
    await turn();
    assert.deepEqual(seen().at(-1), ['b', 2, 3]);
  });

  it('fail for the callers in them, and for no others', async () => {
    const take = inBatches(work, 2);
    const first = take('a', 1);
    await turn();
    const second = take('a', 2);
    calls[0]!.end(new Error('no'));
    await assert.rejects(first, /no/);
    await turn();
    calls[1]!.end();
    await second;
    void take('a', 3);
    await turn();
    assert.deepEqual(seen().at(-1), ['a', 3]);
  });
});
