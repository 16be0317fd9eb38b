import assert from 'node:assert/strict';
import fc from 'fast-check';
import { deinterleave, MixDown } from '../../../../src/audio/read/mixDown.ts';
import { chirp, joined, RATE, tone } from '../../../support/audio.ts';

const voice = chirp(2);
const inverted = voice.map((x) => -x);
const silence = new Float32Array(voice.length);

function mix(...channels: readonly Float32Array[]): Float32Array {
  return new MixDown(channels.length, RATE).push(channels);
}

function energy(signal: Float32Array): number {
  return signal.reduce((sum, x) => sum + x * x, 0);
}

/** Deterministic noise, uniform in ± level. */
function noise(length: number, level: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return level * ((2 * state) / 2 ** 32 - 1);
  });
}

describe('Mixing channels down', () => {
  it('does not change a single channel, nor two equal ones', () => {
    assert.deepEqual(mix(voice), voice);
    assert.deepEqual(mix(voice, voice), voice);
  });

  it('keeps a voice that one channel inverts, from its first sample on', () => {
    assert.deepEqual(mix(voice, inverted), voice);
  });

  it('keeps a voice that a third channel inverts', () => {
    assert.ok(energy(mix(voice, voice, inverted)) > 0.99 * energy(voice));
  });

  it('keeps a voice that one channel inverts, quieter and a sample late', () => {
    const late = Float32Array.from(inverted, (_, i) => 0.5 * (inverted[i - 1] ?? 0));
    assert.ok(energy(mix(voice, late)) > 0.45 * energy(voice));
  });

  it('keeps an inverted voice under hum that both channels carry in phase, 20 dB louder', () => {
    const quiet = voice.map((x) => x / 20);
    const hum = Float32Array.from(voice, (_, i) => 0.2 * Math.sin((2 * Math.PI * 50 * i) / RATE));
    const mixed = mix(
      quiet.map((x, i) => x + hum[i]!),
      quiet.map((x, i) => hum[i]! - x),
    );
    const error = energy(mixed.map((x, i) => x - quiet[i]!).subarray(RATE / 2));
    assert.ok(error < 0.01 * energy(quiet), `${error / energy(quiet)}`);
  });

  it('keeps an inverted voice under a different hiss in each channel, as loud as the voice', () => {
    const mixed = mix(
      noise(voice.length, 0.5, 1).map((x, i) => x + voice[i]!),
      noise(voice.length, 0.5, 2).map((x, i) => x - voice[i]!),
    );
    const match = mixed.reduce((sum, x, i) => sum + x * voice[i]!, 0);
    assert.ok(match > 0.97 * energy(voice), `${match / energy(voice)}`);
  });

  it('follows within a tenth of a second if the sign of a channel changes in the middle', () => {
    const turned = voice.map((x, i) => (i < RATE ? x : -x));
    const mixed = mix(voice, turned);
    assert.deepEqual(mixed.subarray(0, RATE), voice.subarray(0, RATE));
    assert.ok(energy(mixed.subarray(1.3 * RATE)) > 0.99 * energy(voice.subarray(1.3 * RATE)));
  });

  it('keeps a quiet inverted voice soon after a loud one in phase', () => {
    const quiet = voice.map((x) => x / 10);
    const mixed = mix(joined([voice, quiet]), joined([voice, quiet.map((x) => -x)])).subarray(voice.length);
    assert.ok(energy(mixed.subarray(1.2 * RATE)) > 0.99 * energy(quiet.subarray(1.2 * RATE)));
  });

  it('keeps both voices of a call that has one on each channel', () => {
    const other = tone(300, 2);
    const mixed = mix(joined([voice, silence]), joined([silence, other]));
    const error = mixed.map((x, i) => x - (i < voice.length ? voice[i]! : other[i - voice.length]!));
    assert.ok(energy(error.subarray(0, voice.length)) < 1e-6);
    assert.ok(energy(error) < 0.01 * energy(other));
  });

  for (let count = 2; count <= 8; count++) {
    it(`keeps the level of a voice that is in one of ${count} channels, in some, or in all of them`, () => {
      const channels = (voices: number) => Array.from({ length: count }, (_, i) => (i < voices ? voice : silence));
      for (const planes of [channels(1), channels(1).toReversed(), channels(count - 1), channels(count)]) {
        assert.ok(energy(mix(...planes).map((x, i) => x - voice[i]!)) < 1e-6 * energy(voice));
      }
    });

    it(`keeps the level of a voice that is in one of ${count} channels from its first word on, over noise in all`, () => {
      const hiss = Array.from({ length: count }, (_, i) => noise(2 * voice.length, 0.01, i + 1));
      const planes = hiss.map((plane, i) =>
        i === 1 ? plane.map((x, at) => x + (voice[at - voice.length] ?? 0)) : plane,
      );
      const mixed = mix(...planes).subarray(voice.length);
      for (const [from, to] of [
        [0, 0.1],
        [0.1, 2],
      ] as const) {
        const [own, heard] = [voice, mixed].map((pcm) => energy(pcm.subarray(from * RATE, to * RATE)));
        assert.ok(Math.abs(10 * Math.log10(heard! / own!)) < 1, `${10 * Math.log10(heard! / own!)} dB`);
      }
    });
  }

  it('never has less than 0.8 of the energy that unrelated channels would have, whatever they hold', () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1, noNaN: true }), fc.nat(1000), (share, seed) => {
        const [a, b] = [noise(RATE, 0.5, seed + 1), noise(RATE, 0.5, seed + 7777)];
        const second = a.map((x, i) => share * x + Math.sqrt(1 - share * share) * b[i]!);
        assert.ok(energy(mix(a, second)) > (0.8 * (energy(a) + energy(second))) / 4);
      }),
      { numRuns: 30 },
    );
  });

  it('never exceeds full scale', () => {
    const loud = noise(RATE, 1, 3);
    for (const mixed of [mix(loud, loud), mix(loud, noise(RATE, 1, 5)), mix(loud, loud, loud)]) {
      assert.ok(mixed.every((x) => Math.abs(x) <= 1));
    }
  });

  it('separates interleaved samples', () => {
    assert.deepEqual(deinterleave(Float32Array.of(1, 2, 3, 4, 5), 2), [Float32Array.of(1, 3), Float32Array.of(2, 4)]);
  });
});
