import assert from 'node:assert/strict';
import { Refresher } from '../../src/sync/refresher.ts';
import { FakeTime, settled } from './support/fakeTime.ts';

describe('Work that is repeated after changes', () => {
  let time: FakeTime;
  let works: number;
  let failures: number;
  let isBroken: boolean;
  let over: AbortController;
  let refresher: Refresher;
  beforeEach(() => {
    time = new FakeTime(Date.UTC(2026, 6, 3, 10));
    [works, failures, isBroken] = [0, 0, false];
    over = new AbortController();
    refresher = new Refresher({
      work: async () => {
        works += 1;
        await settled();
        if (isBroken) throw new Error('It does not answer.');
      },
      onFailure: () => (failures += 1),
      signal: over.signal,
    });
  });
  afterEach(() => {
    time.end();
  });

  it('runs once at a time, and once more for all changes meanwhile', async () => {
    const first = refresher.refresh();
    await Promise.all([first, refresher.refresh(), refresher.refresh()]);
    assert.equal(works, 2);
  });

  it('is retried after a failure with growing waits until it works', async () => {
    isBroken = true;
    void refresher.refresh();
    await time.advance(10 * 60_000);
    assert(works > 8 && works < 14, `tried ${works} times`);
    assert.equal(failures, works);
    isBroken = false;
    const before = works;
    await time.advance(10 * 60_000);
    assert.equal(works, before + 1);
  });

  it('is retried at once after a failure if something has changed, and never after its end', async () => {
    isBroken = true;
    void refresher.refresh();
    await time.advance(1000);
    void refresher.refresh();
    await time.advance(100);
    assert.equal(works, 2);
    over.abort();
    await refresher.ended();
    await time.advance(10 * 60_000);
    assert.equal(works, 2);
  });
});
