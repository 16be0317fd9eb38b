import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FramedFormat } from '../../../../src/audio/read/format.ts';
import {
  decodeAll,
  framed,
  fromS16le,
  invertedStereo,
  pieces,
  RATE,
  s16le,
  snr,
  tone,
} from '../../../support/audio.ts';

function format(codec: 'pcm16' | 'pcm8', options: Partial<FramedFormat> = {}): FramedFormat {
  return { kind: 'framed', codec, sampleRate: RATE, channels: 1, frameSize: 160, ...options };
}

/** Divides a signal into frames of `bytes`. The last may be shorter. */
function cut(signal: Uint8Array, bytes: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(signal.length / bytes) }, (_, i) =>
    signal.subarray(i * bytes, (i + 1) * bytes),
  );
}

describe('PCM recordings', function () {
  it('of 16 kHz mono are unchanged bit for bit, a shorter last frame included', async () => {
    const bytes = s16le(tone(440, 2.3457));
    bytes.writeInt16LE(-32768, 0);
    bytes.writeInt16LE(32767, 2);
    const { frames, pcm, report } = await decodeAll(framed(cut(bytes, 320)), format('pcm16'));
    assert.deepEqual(Buffer.concat(frames.map(({ payload }) => payload!)), bytes);
    assert.deepEqual(pcm, fromS16le(bytes));
    assert.deepEqual([frames[0]!.samples, frames.at(-1)!.samples], [160, (bytes.length / 2) % 160]);
    assert.deepEqual([report.frames, report.corruptFrames], [235, 0]);
  });

  it('of 8 bits are unsigned around 128', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const { frames, pcm } = await decodeAll(framed(cut(bytes, 64)), format('pcm8', { frameSize: 64 }));
    assert.deepEqual(
      Array.from(pcm),
      Array.from(bytes, (b) => (b - 128) / 128),
    );
    const samples = Buffer.concat(frames.map(({ payload }) => payload!));
    assert.deepEqual([samples.readInt16LE(0), samples.readInt16LE(256), samples.readInt16LE(510)], [-32768, 0, 32512]);
  });

  it('of two channels become their mean', async () => {
    const signal = Float32Array.of(0.5, 0.25, -0.5, 0.5, -1, -1, 0.75, 0);
    const stereo = format('pcm16', { channels: 2, frameSize: 2 });
    const { frames, pcm } = await decodeAll(framed(cut(s16le(signal), 8)), stereo);
    assert.deepEqual(Array.from(pcm), [0.375, 0, -1, 0.375]);
    assert.deepEqual(
      frames.map(({ samples }) => samples),
      [2, 2],
    );
    assert.deepEqual(fromS16le(Buffer.concat(frames.map(({ payload }) => payload!))), pcm);
  });

  it('of two channels keep the voice if one is inverted', async () => {
    const voice = tone(440, 1);
    const bytes = s16le(invertedStereo(voice));
    const { pcm } = await decodeAll(framed(cut(bytes, 640)), format('pcm16', { channels: 2 }));
    assert.ok(snr(pcm, voice) > 60);
    const coarse = Uint8Array.from(invertedStereo(voice), (x) => Math.round(128 + 127 * x));
    const eight = await decodeAll(framed(cut(coarse, 320)), format('pcm8', { channels: 2 }));
    assert.ok(snr(eight.pcm, voice) > 30);
  });

  for (const [rate, hertz, floor] of [
    [8000, 1000, 60],
    [11_025, 1234, 60],
    [44_100, 3000, 60],
    [48_000, 5000, 60],
  ] as const) {
    it(`of ${rate} Hz are resampled, exact to a fraction of a sample`, async () => {
      const frameSize = rate / 100;
      const bytes = s16le(tone(hertz, 3, rate));
      const pcm16 = format('pcm16', { sampleRate: rate, frameSize: Math.floor(frameSize) });
      const { frames, pcm, report } = await decodeAll(framed(cut(bytes, 2 * Math.floor(frameSize))), pcm16);
      const ideal = tone(hertz, 3);
      assert.equal(pcm.length, ideal.length);
      const decibels = snr(pcm, ideal, 200);
      assert.ok(decibels > floor, `${decibels} dB`);
      assert.equal(
        frames.reduce((sum, { samples }) => sum + samples, 0),
        pcm.length,
      );
      assert.equal(report.frames, Math.ceil(bytes.length / 2 / Math.floor(frameSize)));
    });
  }

  for (const rate of [8000, RATE, 44_100]) {
    it(`of ${rate} Hz keep a lost frame in its place, silent`, async () => {
      const frameSize = Math.floor(rate / 50);
      const clean = cut(s16le(tone(500, 2, rate)), 2 * frameSize);
      const bytes = framed(clean);
      bytes.fill(0, 60 * (4 + 2 * frameSize), 60 * (4 + 2 * frameSize) + 4); // its length, zeroed
      const { frames, report } = await decodeAll(bytes, format('pcm16', { sampleRate: rate, frameSize }));
      assert.equal(frames.length, clean.length);
      assert.deepEqual(
        frames.flatMap(({ payload }, i) => (payload === null ? [i] : [])),
        [60],
      );
      for (const { payload, samples } of frames) assert.equal(payload?.length ?? 2 * samples, 2 * samples);
      assert.equal(report.corruptFrames, 1);
      assert.ok(Math.abs(report.corruptSeconds - 0.02) < 1e-4);
    });
  }

  it('stay aligned and complete for every rate, frame size and division of the stream', async () => {
    const rates = fc.constantFrom(8000, 11_025, 12_345, 22_050, 24_000, 32_000, 44_100, 48_000);
    await fc.assert(
      fc.asyncProperty(
        rates,
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 1, max: 9000 }),
        fc.constantFrom(1 as const, 2 as const),
        async (sampleRate, frameSize, samples, piece, channels) => {
          const bytes = s16le(tone(300, (samples * channels) / sampleRate, sampleRate)).subarray(
            0,
            2 * samples * channels,
          );
          const recording = framed(cut(bytes, 2 * frameSize * channels));
          const pcm16 = format('pcm16', { sampleRate, frameSize, channels });
          const { frames, pcm, report } = await decodeAll(pieces(recording, piece), pcm16);
          for (const frame of frames) assert.equal(frame.payload!.length, 2 * frame.samples);
          assert.equal(pcm.length, Math.ceil((samples * RATE) / sampleRate));
          assert.equal(report.corruptFrames, 0);
        },
      ),
      { numRuns: 40 },
    );
  });
});
