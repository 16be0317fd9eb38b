import assert from 'node:assert/strict';
import { shortDuration } from '../../src/domain/time.ts';

describe('A short duration', () => {
  it('has minutes below an hour, tenths of an hour below ten hours, and then hours', () => {
    const seconds = [0, 1, 60, 3540, 3571, 3600, 12_240, 35_800, 36_000, 4_000_000];
    const texts = ['0 min', '1 min', '1 min', '59 min', '1.0 h', '1.0 h', '3.4 h', '9.9 h', '10 h', '1,111 h'];
    assert.deepEqual(seconds.map(shortDuration), texts);
  });
});
