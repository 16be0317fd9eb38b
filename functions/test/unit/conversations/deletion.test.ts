import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import { LONGEST_STRETCH_MS, stretchesOf } from '../../../src/conversations/deletion.ts';

const segment = (startMs: number, endMs: number) => ({
  startedAt: Timestamp.fromMillis(startMs),
  endedAt: Timestamp.fromMillis(endMs),
});

describe('The stretches in which a user deleted what was said', () => {
  it('continue through pauses of up to two seconds, and end at longer ones, where speech may still arrive', () => {
    assert.deepEqual(stretchesOf([segment(0, 1000), segment(3000, 4000), segment(6001, 7000)]), [
      { startMs: 0, endMs: 4000 },
      { startMs: 6001, endMs: 7000 },
    ]);
  });

  it('contain segments that overlap, and segments within others', () => {
    assert.deepEqual(stretchesOf([segment(0, 5000), segment(1000, 2000), segment(4000, 6000)]), [
      { startMs: 0, endMs: 6000 },
    ]);
  });

  it('are never longer than the search for them goes back', () => {
    const minutes = Array.from({ length: 30 }, (_, i) => segment(i * 60_000, i * 60_000 + 59_000));
    const stretches = stretchesOf(minutes);
    assert.equal(stretches.length, 3);
    assert.ok(stretches.every(({ startMs, endMs }) => endMs - startMs <= LONGEST_STRETCH_MS));
  });

  it('do not exist if nothing was said', () => {
    assert.deepEqual(stretchesOf([]), []);
  });
});
