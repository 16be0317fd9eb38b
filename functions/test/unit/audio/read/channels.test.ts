import assert from 'node:assert/strict';
import { carryDifferentSounds, pcmOf } from '../../../../src/audio/read/channels.ts';
import type { RecordingFormat } from '../../../../src/audio/read/format.ts';
import { bestSnr, chirp, decodeAll, framed, RATE, s16le, tone } from '../../../support/audio.ts';
import { BOTH, encode, EXTENSIONS, file, SIGNAL, type Encoded } from '../../../support/containers.ts';

const SECONDS = 3;
const CALLER = chirp(SECONDS);
const CALLEE = tone(440, SECONDS);

function stereo(left: Float32Array, right: Float32Array): Float32Array {
  return Float32Array.from({ length: 2 * left.length }, (_, i) => (i % 2 === 0 ? left : right)[i >> 1] ?? 0);
}

/** The output of ffmpeg's `sine`, 10 s. */
const SINE = Float32Array.from({ length: 10 * RATE }, (_, i) => Math.sin((2 * Math.PI * 440 * i) / RATE) / 8);

/** A call: the chirp of `encode` on the left, the sine on the right. */
function call(extension: Encoded): Buffer {
  const both = `sine=frequency=440:sample_rate=${RATE}:duration=10[b];[0:a][b]join=inputs=2:channel_layout=stereo`;
  return encode(extension, [], ['-filter_complex', both, '-b:a', '96k']);
}

function power(signal: Float32Array): number {
  return signal.reduce((sum, x) => sum + x * x, 0);
}

describe('Two channels', function () {
  /** Whether the second second of a signal is in its place. */
  const isHeard = (plane: Float32Array | undefined, signal: Float32Array): boolean =>
    plane !== undefined && bestSnr(plane.subarray(RATE), signal.subarray(RATE, 2 * RATE), 20).decibels > 10;

  for (const extension of EXTENSIONS) {
    it(`of a call in .${extension} stay apart if requested, each on time`, async () => {
      const bytes = call(extension);
      for (const decoder of ['sandbox', 'ffmpeg'] as const) {
        const { frames } = await decodeAll(bytes, file(extension), { channels: 'separate', decoder });
        const planes = pcmOf(frames, 'separate');
        assert.equal(planes.length, 2);
        assert.ok(isHeard(planes[0], SIGNAL) && isHeard(planes[1], SINE), decoder);
        assert.ok(carryDifferentSounds(planes));
        assert.equal(pcmOf((await decodeAll(bytes, file(extension), { decoder })).frames, 'separate').length, 1);
      }
    });
  }

  for (const extension of EXTENSIONS.filter((each) => each !== 'mp3')) {
    it(`and four more in .${extension} do not make a voice in the third quieter, and stay apart if requested`, async () => {
      const bytes = encode(
        extension,
        [],
        ['-af', 'pan=5.1|FC=c0|FL=0*c0|FR=0*c0|LFE=0*c0|BL=0*c0|BR=0*c0', '-b:a', '192k'],
      );
      for (const decoder of BOTH) {
        const { frames, pcm } = await decodeAll(bytes, file(extension), { channels: 'separate', decoder });
        const second = pcm.subarray(RATE, 2 * RATE);
        assert.ok(Math.abs(10 * Math.log10(power(second) / power(SIGNAL.subarray(RATE, 2 * RATE)))) < 0.5, decoder);
        assert.ok(isHeard(pcm, SIGNAL), decoder);
        const planes = pcmOf(frames, 'separate');
        assert.equal(planes.length, 6);
        assert.equal(planes.filter((plane) => isHeard(plane, SIGNAL)).length, 1);
        assert.equal(pcmOf(frames, 'mixed').length, 1);
      }
    });
  }

  for (const rate of [8000, 16_000, 44_100] as const) {
    it(`of PCM frames at ${rate} Hz stay apart, frame by frame`, async () => {
      const format: RecordingFormat = { kind: 'framed', codec: 'pcm16', sampleRate: rate, channels: 2, frameSize: 160 };
      const pcm = s16le(stereo(chirp(SECONDS, rate), tone(440, SECONDS, rate)));
      const cut = Array.from({ length: pcm.length / 640 }, (_, i) => pcm.subarray(640 * i, 640 * (i + 1)));
      const { frames } = await decodeAll(framed(cut), format, { channels: 'separate' });
      assert.equal(frames.length, cut.length);
      assert.ok(frames.every(({ payload, samples }) => payload?.length === 4 * samples));
      const planes = pcmOf(frames, 'separate');
      assert.ok(isHeard(planes[0], CALLER) && isHeard(planes[1], CALLEE));
    });
  }

  it('become a mix with both if one channel is requested, even if one inverts the other', () => {
    const voice = chirp(2);
    const inverse = voice.map((sample) => -sample);
    const [mixed] = pcmOf([{ payload: s16le(stereo(voice, inverse)), samples: voice.length }], 'mixed');
    assert.ok(isHeard(mixed, voice));
  });

  it('are one sound if they are alike, inverted or not, and if one of them is silent', () => {
    const inverted = CALLER.map((sample) => -0.5 * sample);
    const noisy = CALLER.map((sample, i) => 0.8 * sample + 0.2 * (CALLEE[i] ?? 0));
    for (const right of [CALLER, inverted, noisy, new Float32Array(CALLER.length)]) {
      assert.ok(!carryDifferentSounds([CALLER, right]));
      assert.ok(!carryDifferentSounds([right, CALLER]));
    }
    assert.ok(carryDifferentSounds([CALLER, CALLEE]));
    assert.ok(!carryDifferentSounds([CALLER]));
  });
});
