import assert from 'node:assert/strict';
import { lengthOf, Origin, Timeline } from '../../../../src/audio/read/containers/timeline.ts';
import { SAMPLE_RATE } from '../../../../src/audio/read/pcm.ts';

/** How many seconds of each kind result from a frame of audio, of a second if not said otherwise, at each of these time stamps. */
function placed(
  stamps: readonly (number | null)[],
  gap: 'silence' | 'lost' = 'silence',
  origin = new Origin(),
  seconds = 1,
): string {
  const timeline = new Timeline(10_000, origin);
  const stretches = stamps.flatMap((at) => {
    timeline.expect(at, seconds, gap);
    timeline.fill([new Float32Array(seconds * SAMPLE_RATE)]);
    return timeline.drain();
  });
  timeline.padWithZeros();
  const all = [...stretches, ...timeline.drain()];
  assert.equal(
    all.reduce((sum, stretch) => sum + lengthOf(stretch), 0),
    timeline.length,
  );
  return all.map((stretch) => `${lengthOf(stretch) / SAMPLE_RATE} ${stretch.kind}`).join(', ');
}

const audio = (seconds: number) => Array<string>(seconds).fill('1 audio').join(', ');

describe('The time axis of a container', () => {
  it('has a gap if the time stamps continue behind it', () => {
    assert.equal(placed([0, 1, 2, 25, 26]), `${audio(3)}, 22 silence, ${audio(2)}`);
    assert.equal(placed([0, 1, 2, 25, null, 27]), `${audio(3)}, 22 silence, ${audio(3)}`);
    assert.equal(placed([0, 5, 10], 'lost'), '1 audio, 4 lost, 1 audio, 4 lost, 1 audio');
  });

  it('has a gap before a last time stamp that is ahead', () => {
    assert.equal(placed([0, 1, 25]), `${audio(2)}, 23 silence, 1 audio`);
  });

  it('has no gap for a time stamp that the next one contradicts: one damaged byte moves it by hours', () => {
    for (const damaged of [25, 2000, -20, 4000, -4000]) assert.equal(placed([0, 1, 2, damaged, 4, 5]), audio(6));
    assert.equal(placed([0, 1, 50, 3, 60, 5, -7, 7]), audio(8));
    assert.equal(placed([700, 1, 2, 3]), audio(4));
  });

  it('has only the gap that remains if audio is missing behind a damaged time stamp', () => {
    for (const damaged of [50, 4000]) {
      assert.equal(placed([0, 1, damaged, 5, 6]), `${audio(3)}, 2 silence, ${audio(2)}`);
      assert.equal(placed([0, 1, damaged, 5, 6], 'lost'), `${audio(3)}, 2 lost, ${audio(2)}`);
    }
  });

  it('begins with the first track of the recording, and keeps a track that begins hours later in its place', () => {
    for (const start of [0, 5000, -3]) {
      const origin = new Origin();
      assert.equal(placed([start, start + 1], 'silence', origin), audio(2));
      assert.equal(placed([start + 4000], 'silence', origin), '4000 silence, 1 audio');
      assert.equal(placed([start + 3, start + 4], 'silence', origin), `3 silence, ${audio(2)}`);
    }
  });

  it('lacks a single frame behind damage, and elsewhere takes so short a gap for jitter', () => {
    const frame = 0.064;
    const stamps = [0, 0.064, 0.192, 0.256];
    assert.equal(
      placed(stamps, 'lost', new Origin(), frame),
      '0.064 audio, 0.064 audio, 0.064 lost, 0.064 audio, 0.064 audio',
    );
    assert.equal(placed(stamps, 'silence', new Origin(), frame), Array<string>(4).fill('0.064 audio').join(', '));
  });

  it('lacks nothing behind damage where time stamps are rounded, and where the first is late', () => {
    for (const late of [0, 0.025]) {
      const stamps = [0, 0.021, 0.043, 0.064, 0.085].map((at) => at + late);
      assert.equal(placed(stamps, 'lost', new Origin(), 0.02125), Array<string>(5).fill('0.02125 audio').join(', '));
    }
    assert.equal(placed([0.025, 1.05, 2.05], 'lost'), audio(3));
  });

  it('continues where another clock begins, and has the gaps of that clock', () => {
    assert.equal(placed([0, 1, 2, -20, -19, -10]), `${audio(5)}, 8 silence, 1 audio`);
  });

  it('continues with the clock from before some time stamps that were damaged', () => {
    assert.equal(placed([0, 1, 2, 0, 1, 5, 6]), audio(7));
    assert.equal(placed([0, 1, 2, 0, 1, 7, 8]), `${audio(5)}, 2 silence, ${audio(2)}`);
    assert.equal(placed([0, 1, 2, 1e6, 1e6 + 1, 5, 6]), audio(7));
    assert.equal(placed([0, 1, 2, 63, 64, 65, 6, 7]), audio(8));
    assert.equal(placed([0, 1, 2, 63, 64, 65, 66]), `${audio(3)}, 60 silence, ${audio(4)}`);
  });
});
