import assert from 'node:assert/strict';
import { Limiter } from '../../../../src/audio/read/limiter.ts';
import { tone } from '../../../support/audio.ts';

describe('The limiter', () => {
  it('does not change audio that does not clip', () => {
    const quiet = tone(440, 1);
    assert.deepEqual(new Limiter(160).push(quiet), quiet);
  });

  it('keeps other audio within full scale, and restores the level afterwards', () => {
    const loud = tone(440, 1).map((sample) => 4 * sample);
    const limiter = new Limiter(160);
    assert.ok(limiter.push(loud).every((sample) => Math.abs(sample) <= 1));
    const quiet = tone(440, 6);
    const back = limiter.push(quiet);
    assert.ok(Math.abs(back[95_000]! - quiet[95_000]!) < 0.01);
    assert.ok(Math.abs(back[800]!) < Math.abs(quiet[800]!));
  });
});
