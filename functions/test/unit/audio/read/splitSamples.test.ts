/** PCM frames that begin and end at any byte of the stream. */
import assert from 'node:assert/strict';
import { chirp, decodeAll, framed, fromS16le, s16le } from '../../../support/audio.ts';
import { PCM16 } from './framing.ts';

/** A recording that is divided into frames of so many bytes, wherever its samples begin. */
function cutAt(bytes: Buffer, size: (i: number) => number): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += frames.at(-1)?.length ?? 1)
    frames.push(bytes.subarray(at, at + size(frames.length)));
  return frames;
}

function interleaved(left: Float32Array, right: Float32Array): Float32Array {
  return Float32Array.from({ length: 2 * left.length }, (_, i) => (i % 2 === 0 ? left : right)[i >> 1] ?? 0);
}

/** The signal-to-noise ratio of a signal against another one, decibels. */
function snr(actual: Float32Array, expected: Float32Array): number {
  let [signal, noise] = [0, 1e-9];
  for (const [i, sample] of expected.entries()) {
    signal += sample ** 2;
    noise += (sample - (actual[i] ?? 0)) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

describe('Frames of PCM that cut samples in two', () => {
  for (const [channels, sizes] of [
    [1, [509]],
    [1, [321, 322, 999]],
    [2, [243]],
    [2, [1, 2, 3, 700]],
  ] as const) {
    it(`are joined to one signal: ${channels} channels, frames of ${sizes.join(', ')} bytes`, async () => {
      const format = { ...PCM16, channels };
      const sound = chirp(4);
      const whole = s16le(channels === 1 ? sound : interleaved(sound, sound));
      const { pcm, report } = await decodeAll(framed(cutAt(whole, (i) => sizes[i % sizes.length] ?? 1)), format);
      assert.deepEqual([pcm.length, report.corruptFrames], [sound.length, 0]);
      assert.ok(snr(pcm, sound) > 60, `${snr(pcm, sound)} dB`);
    });
  }

  it('are not changed behind a frame that misses a byte', async () => {
    const sound = s16le(chirp(4));
    const frames = cutAt(sound, () => 320);
    const { pcm } = await decodeAll(framed(frames.map((each, i) => (i === 50 ? each.subarray(1) : each))), PCM16);
    const end = pcm.subarray(-100 * 160);
    assert.ok(snr(end, fromS16le(sound).subarray(-100 * 160)) > 60);
  });
});
