import assert from 'node:assert/strict';
import { addUp, type Sums } from '../../src/domain/addUp.ts';

describe('Many sums', () => {
  const names = Array.from({ length: 30 }, (_, index) => `day-${index}`);
  const last = async (
    sumOf: (name: string) => Promise<number>,
    signal = new AbortController().signal,
  ): Promise<Sums<number> | null> => {
    let sums: Sums<number> | null = null;
    await addUp(names, {
      sumOf,
      signal,
      onSums: (found) => {
        sums = found;
      },
    });
    return sums;
  };

  it('are all known except those that failed, whose errors are reported', async () => {
    const sums = await last((name) => (name === 'day-7' ? Promise.reject(new Error('busy')) : Promise.resolve(1)));
    assert.deepEqual([...(sums?.known.keys() ?? [])].sort(), names.filter((name) => name !== 'day-7').sort());
    assert.deepEqual(
      [...(sums?.failed ?? [])].map(([name, { message }]) => [name, message]),
      [['day-7', 'busy']],
    );
  });

  it('are requested a few at a time', async () => {
    let [open, most] = [0, 0];
    await last(async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 1));
      open--;
      return 1;
    });
    assert.ok(most > 1 && most <= 4, `${most} at a time`);
  });

  it('are no longer requested after the screen is left', async () => {
    const over = new AbortController();
    let asked = 0;
    const sums = await last(() => {
      if (++asked === 5) over.abort();
      return Promise.resolve(1);
    }, over.signal);
    assert.ok(asked < 10, `${asked} were asked for`);
    assert.equal(sums?.known.has('day-4') ?? false, false, 'what comes after that is not shown');
  });
});
