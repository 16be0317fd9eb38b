/** Sectors of zeros are lost time, even if they begin with a frame: zeros are also the lengths of empty frames. */
import assert from 'node:assert/strict';
import { checkRecording } from '../../../../src/audio/read/scanFrames.ts';
import { frame, noise, OPUS, opusPackets, PCM16, readAll, summary } from './framing.ts';

const FRAMES = 400;

/** How many frames of each kind a recording has. */
function count(bytes: Uint8Array, format = PCM16) {
  const events = readAll(bytes, format, [1000]);
  assert.deepEqual(summary(readAll(bytes, format)), summary(events), 'however it is cut');
  return {
    whole: events.filter(({ kind }) => kind === 'frame').length,
    empty: events.filter(({ kind }) => kind === 'empty').length,
    lost: events.reduce((sum, event) => sum + (event.kind === 'corrupt' ? event.lostFrames : 0), 0),
  };
}

describe('A zeroed sector', () => {
  const pcm = Buffer.concat(Array.from({ length: FRAMES }, (_, i) => frame(noise(320, i))));

  for (const bytes of [512, 4096, 128 * 1024]) {
    it(`of ${bytes} bytes at the border of a PCM frame is lost time, not a pause`, () => {
      const border = 100 * 324;
      const long = Buffer.concat([pcm, pcm]);
      const zeroed = Buffer.from(long);
      zeroed.fill(0, border, border + bytes);
      const { whole, empty, lost } = count(zeroed);
      assert.equal(empty, 0);
      assert.equal(lost, Math.ceil(bytes / 324));
      assert.equal(whole + lost, 2 * FRAMES);
    });
  }

  it('is lost time wherever it begins, and what follows keeps its place', () => {
    for (let at = 100 * 324; at < 101 * 324; at += 7) {
      const zeroed = Buffer.from(pcm);
      zeroed.fill(0, at, at + 512);
      const { durationSeconds } = checkRecording(zeroed, PCM16);
      assert.ok(Math.abs((durationSeconds ?? 0) - FRAMES / 100) <= 0.02, `${at}: ${durationSeconds} s`);
    }
  });

  it('among packets of Opus is lost time, too', () => {
    const packets = opusPackets(FRAMES).map((packet) => frame(packet));
    const border = Buffer.concat(packets.slice(0, 100)).length;
    const zeroed = Buffer.concat(packets);
    zeroed.fill(0, border, border + 4096);
    const { whole, empty, lost } = count(zeroed, OPUS);
    assert.equal(empty, 0);
    assert.ok(Math.abs(whole + lost - FRAMES) < 10, `${whole} whole, ${lost} lost`);
  });

  it('at the end is lost time, wherever in a frame it begins', () => {
    for (let frames = 100; frames < 228; frames++) {
      const whole = Buffer.from(pcm.subarray(0, frames * 324));
      const border = 512 * Math.floor((whole.length - 8000) / 512);
      whole.fill(0, border);
      const { empty, lost } = count(whole);
      assert.equal(empty, 0, `${border}`);
      assert.ok(Math.abs(lost - (whole.length - border) / 324) <= 1.5, `${border}: ${lost} lost`);
    }
  });

  it('is distinguished from a pause at the end', () => {
    assert.deepEqual(count(Buffer.concat([pcm, Buffer.alloc(4 * 500)])), { whole: FRAMES, empty: 500, lost: 0 });
  });

  it('is distinguished from a pause of its length, after which the lengths are right', () => {
    const pause = Buffer.alloc(4 * 128);
    const paused = Buffer.concat([pcm, pause, pcm]);
    assert.deepEqual(count(paused), { whole: 2 * FRAMES, empty: 128, lost: 0 });
    // Damage behind a pause is damage.
    const damaged = Buffer.concat([pcm, Buffer.alloc(4 * 1450), noise(200, 3), pcm]);
    const { empty, lost } = count(damaged);
    assert.equal(empty, 1450);
    assert.ok(lost > 0);
  });
});
