import assert from 'node:assert/strict';
import { SendingProgress, sendingText } from '../../src/domain/sending.ts';
import type { ToSend } from '../../src/domain/sending.ts';

const recording = (id: string, state: ToSend['state'], sentBytes: number | null = null) => ({
  id,
  state,
  sentBytes,
  size: 1000,
});

describe('The progress of sending', () => {
  it('counts the recordings of a batch, and estimates the remaining time from the last half minute', () => {
    const progress = new SendingProgress();
    assert.equal(progress.update([recording('old', 'synced')], 0), null);
    const before = progress.update([recording('a', 'uploading', 0), recording('b', 'waiting')], 1000);
    assert.deepEqual(before, { count: 0, total: 2, sentBytes: 0, totalBytes: 2000, secondsLeft: null });
    const half = progress.update([recording('a', 'uploaded'), recording('b', 'uploading', 0)], 6000);
    assert.deepEqual(half, { count: 1, total: 2, sentBytes: 1000, totalBytes: 2000, secondsLeft: 5 });
    assert.equal(sendingText(half), '1 of 2 recordings sent, 1 kB of 2 kB, about 5 s left');
    assert.equal(progress.update([recording('a', 'synced'), recording('b', 'synced')], 9000), null);
    const next = progress.update([recording('c', 'waiting')], 10_000);
    assert.equal(next?.total, 1, 'what was sent before is not of this batch');
  });

  it('counts recordings that are added, that fail and that are removed meanwhile', () => {
    const progress = new SendingProgress();
    progress.update([recording('a', 'waiting')], 0);
    progress.update([recording('a', 'failed'), recording('b', 'waiting'), recording('c', 'waiting')], 1000);
    const now = progress.update([recording('a', 'failed'), recording('c', 'uploading', 500)], 2000);
    assert.deepEqual(now, { count: 2, total: 3, sentBytes: 2500, totalBytes: 3000, secondsLeft: null });
  });

  it('estimates no time while nothing is sent', () => {
    const progress = new SendingProgress();
    for (const at of [0, 10_000, 20_000])
      assert.equal(progress.update([recording('a', 'waiting')], at)?.secondsLeft, null);
  });
});
