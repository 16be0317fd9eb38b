import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Resampler } from '../../../../src/audio/read/resampler.ts';
import { ffmpeg, fromS16le, joined, s16le, snr, tone, chirp } from '../../../support/audio.ts';

function resample(signal: Float32Array, rate: number, pieces: readonly number[] = []): Float32Array {
  const resampler = new Resampler(rate);
  const parts: Float32Array[] = [];
  let at = 0;
  for (const size of pieces) parts.push(resampler.push(signal.subarray(at, (at += size))));
  return joined([...parts, resampler.push(signal.subarray(at)), resampler.end()]);
}

function rms(signal: Float32Array): number {
  return Math.sqrt(signal.reduce((sum, x) => sum + x * x, 0) / signal.length);
}

describe('Resampler', function () {
  it('returns the same samples whatever pieces it gets, and as many as `lengthOf` says', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(8000, 11_025, 16_000, 44_100, 48_000), fc.integer({ min: 8000, max: 48_000 })),
        fc.integer({ min: 0, max: 3000 }),
        fc.array(fc.nat(500), { maxLength: 8 }),
        (rate, length, pieces) => {
          const signal = tone(700, 1, rate).subarray(0, length);
          const whole = resample(signal, rate);
          assert.equal(whole.length, new Resampler(rate).lengthOf(length));
          assert.equal(whole.length, Math.ceil((length * 16_000) / rate));
          assert.deepEqual(resample(signal, rate, pieces), whole);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('adds no delay', () => {
    for (const rate of [8000, 48_000]) {
      const impulse = new Float32Array(rate);
      impulse[rate / 2] = 1;
      const output = resample(impulse, rate);
      assert.equal(output.indexOf(Math.max(...output)), 8000);
    }
  });

  it('keeps a constant signal constant, from the first filter length on', () => {
    for (const rate of [8000, 22_050, 48_000]) {
      const output = resample(new Float32Array(rate).fill(0.5), rate).subarray(200, -200);
      assert.ok(output.every((x) => Math.abs(x - 0.5) < 1e-5));
    }
  });

  it('has no aliases of frequencies that 16 kHz cannot represent', () => {
    for (const hertz of [8700, 10_000, 15_000, 20_000]) {
      const output = resample(tone(hertz, 1, 48_000), 48_000).subarray(200, -200);
      assert.ok(rms(output) < 0.3 * 10 ** (-65 / 20), `${hertz} Hz: ${20 * Math.log10(rms(output))} dB`);
    }
  });

  it('has no images if it raises the rate', () => {
    const output = resample(tone(3000, 1, 8000), 8000);
    assert.ok(snr(output, tone(3000, 1), 200) > 60);
  });

  it('agrees with ffmpeg', () => {
    for (const rate of [8000, 44_100]) {
      const signal = chirp(2, rate);
      const args = [
        '-f',
        's16le',
        '-ar',
        String(rate),
        '-ac',
        '1',
        '-i',
        'pipe:0',
        '-ar',
        '16000',
        '-f',
        's16le',
        'pipe:1',
      ];
      const reference = fromS16le(ffmpeg(args, s16le(signal)));
      const output = resample(signal, rate);
      assert.ok(Math.abs(reference.length - output.length) <= 1);
      const decibels = snr(output, reference, 200);
      assert.ok(decibels > 50, `${rate} Hz: ${decibels} dB`);
    }
  });
});
