/** Damage that recorders and storage do to WAV, AIFF and CAF files. */
import assert from 'node:assert/strict';
import { bestSnr, chirp, decodeAll, ffmpeg, fromS16le, RATE, s16le } from '../../../support/audio.ts';
import { encode, file } from '../../../support/containers.ts';

const SECONDS = 10;
const SIGNAL = chirp(SECONDS);
const PCM = s16le(SIGNAL);

function chunk(name: string, content: Buffer, isPadded = true): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(isPadded ? content.length & 1 : 0)]);
}

function formatOf(bits: number, channels: number): Buffer {
  const format = Buffer.alloc(16);
  format.writeUInt16LE(1, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(RATE, 4);
  format.writeUInt32LE((RATE * channels * bits) / 8, 8);
  format.writeUInt16LE((channels * bits) / 8, 12);
  format.writeUInt16LE(bits, 14);
  return chunk('fmt ', format);
}
const FORMAT = formatOf(16, 1);

const wav = (...chunks: readonly Buffer[]): Buffer =>
  chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), ...chunks]), false);

describe('A WAV file', () => {
  for (const isPadded of [true, false]) {
    it(`is read behind a chunk of an odd number of bytes ${isPadded ? 'and' : 'without'} its padding`, async () => {
      const note = chunk('LIST', Buffer.from('INFOx'), isPadded);
      const { pcm } = await decodeAll(wav(note, FORMAT, note, chunk('data', PCM)), file('wav'));
      assert.deepEqual(s16le(pcm), PCM);
    });
  }

  /** A signal like speech over noise, with so many bits and channels. */
  function pcm(bits: number, channels: number): Buffer {
    let seed = 1;
    const noise = (): number => ((seed = (seed * 75 + 74) % 65_537) / 65_537 - 0.5) * 0.01;
    const bytes = bits / 8;
    const all = Buffer.alloc(SIGNAL.length * bytes * channels);
    SIGNAL.forEach((sample, i) => {
      const value = Math.round((sample + noise()) * 2 ** (bits - 1) * 0.9);
      for (let c = 0; c < channels; c++) all.writeIntLE(value, (i * channels + c) * bytes, bytes);
    });
    return all;
  }

  for (const [bits, channels] of [
    [16, 1],
    [16, 2],
    [24, 1],
    [24, 2],
    [32, 1],
  ] as const) {
    it(`is right again behind a missing byte, and behind an extra one: ${bits} bits, ${channels} channels`, async () => {
      const bytes = pcm(bits, channels);
      const cut = Math.round(bytes.length / 4) + 1;
      const from = 5 * RATE;
      // With two channels, one may then be a sample ahead of the other. Noise has less than 0 dB.
      const least = channels === 1 ? 15 : 3;
      const expected = SIGNAL.subarray(from).map((x) => 0.9 * x);
      for (const damaged of [
        Buffer.concat([bytes.subarray(0, cut), bytes.subarray(cut + 1)]),
        Buffer.concat([bytes.subarray(0, cut), Buffer.of(99), bytes.subarray(cut)]),
      ]) {
        const decoded = await decodeAll(wav(formatOf(bits, channels), chunk('data', damaged)), file('wav'));
        const { decibels, lag } = bestSnr(decoded.pcm.subarray(from), expected, 40);
        assert.ok(decibels > least && Math.abs(lag) <= 2, `${decibels} dB, ${lag} samples late`);
      }
    });
  }

  for (const [extension, coding, bits, channels] of [
    ['aiff', 'pcm_s16be', 16, 1],
    ['aiff', 'pcm_s16le', 16, 2],
    ['aiff', 'pcm_s24be', 24, 2],
    ['aiff', 'pcm_s32be', 32, 1],
    ['caf', 'pcm_s16be', 16, 2],
    ['caf', 'pcm_s16le', 16, 1],
    ['caf', 'pcm_s24be', 24, 1],
    ['caf', 'pcm_s24le', 24, 2],
    ['caf', 'pcm_s24le', 16, 1],
    ['aiff', 'pcm_s32be', 16, 2],
    ['caf', 'pcm_f32le', 16, 2],
    ['aiff', 'pcm_f32be', 16, 1],
    ['caf', 'pcm_f64le', 16, 1],
  ] as const) {
    it(`or .${extension} (${coding} of ${bits} bits) is right again behind a missing byte, and behind an extra one, whatever size it claims`, async () => {
      const input = ['-f', `s${bits}le`, '-ar', String(RATE), '-ac', String(channels), '-i', 'pipe:0'];
      const bytes = ffmpeg([...input, '-c:a', coding, '-f', extension, 'pipe:1'], pcm(bits, channels));
      const cut = Math.round(bytes.length / 4) + 1;
      const least = channels === 1 ? 15 : 3;
      for (const damaged of [
        Buffer.concat([bytes.subarray(0, cut), bytes.subarray(cut + 1)]),
        Buffer.concat([bytes.subarray(0, cut), Buffer.of(99), bytes.subarray(cut)]),
        bytes,
      ]) {
        const decoded = await decodeAll(damaged, file(extension), { decoder: 'sandbox' });
        const expected = SIGNAL.subarray(5 * RATE).map((x) => 0.9 * x);
        const { decibels, lag } = bestSnr(decoded.pcm.subarray(5 * RATE), expected, 40);
        assert.ok(decibels > least && Math.abs(lag) <= 2, `${decibels} dB, ${lag} samples late`);
        assert.ok(Math.abs(decoded.pcm.length - SIGNAL.length) <= 2, `${decoded.pcm.length} samples`);
      }
    });
  }

  for (const [extension, coding] of [
    ['aiff', 'pcm_s8'],
    ['aiff', 'pcm_f32be'],
    ['aiff', 'pcm_f64be'],
    ['aiff', 'pcm_alaw'],
    ['aiff', 'pcm_mulaw'],
    ['caf', 'pcm_s8'],
    ['caf', 'pcm_f32be'],
    ['caf', 'pcm_f32le'],
    ['caf', 'pcm_f64le'],
    ['caf', 'pcm_alaw'],
    ['caf', 'pcm_mulaw'],
    ['caf', 'pcm_s32be'],
  ] as const) {
    it(`or .${extension} of ${coding} is read as ffmpeg reads it`, async () => {
      const bytes = encode('wav', [], ['-c:a', coding, '-f', extension]);
      const reference = ffmpeg(['-f', extension, '-i', 'pipe:0', '-f', 's16le', 'pipe:1'], bytes);
      const { pcm: samples, report } = await decodeAll(bytes, file(extension), { decoder: 'sandbox' });
      assert.ok(bestSnr(samples, fromS16le(reference), 2).decibels > 60);
      assert.deepEqual([samples.length, report.corruptFrames], [SIGNAL.length, 0]);
    });
  }

  it('is read bit for bit if its samples are noise, have eight bits, or are as high as possible', async () => {
    let seed = 7;
    const random = (): number => (seed = (seed * 75 + 74) % 65_537) - 32_768;
    const sounds: readonly ((i: number) => number)[] = [
      random,
      () => random() >> 8,
      () => random() & ~0xff,
      () => random() & ~0xf,
      () => (random() >> 4) & ~0xff,
      (i) => (i % 2 === 0 ? 0x4000 : -0x4000),
      (i) => Math.round(20_000 * Math.sin(3 * i)),
      (i) => Math.round(20_000 * Math.sin(3 * i)) & ~0xff,
      () => 0,
      (i) => i % 2,
    ];
    for (const [i, sound] of sounds.entries()) {
      const bytes = Buffer.alloc(2 * 5 * RATE);
      for (let at = 0; at < bytes.length / 2; at++)
        bytes.writeInt16LE(Math.max(-32_768, Math.min(32_767, sound(at))), 2 * at);
      const decoded = await decodeAll(wav(FORMAT, chunk('data', bytes)), file('wav'));
      assert.ok(s16le(decoded.pcm).equals(bytes), `sound ${i}`);
      const wide = Buffer.alloc(2 * bytes.length);
      for (let at = 0; at < bytes.length; at += 2) bytes.copy(wide, 2 * at + 2, at, at + 2);
      const ofWide = await decodeAll(wav(formatOf(32, 1), chunk('data', wide)), file('wav'));
      assert.ok(s16le(ofWide.pcm).equals(bytes), `sound ${i} in 32 bits`);
    }
  });

  for (const [bits, channels] of [
    [16, 1],
    [24, 2],
  ] as const) {
    it(`has lost time in place of sectors that are zeros: ${bits} bits, ${channels} channels`, async () => {
      const bytes = wav(formatOf(bits, channels), chunk('data', pcm(bits, channels)));
      const seconds = (from: number, to: number): number => ((to - from) * 8) / bits / channels / RATE;
      const whole = await decodeAll(bytes, file('wav'));
      for (const [from, to] of [
        [100 * 512, 350 * 512],
        [100 * 512, bytes.length],
        [100 * 512, 101 * 512],
      ] as const) {
        const decoded = await decodeAll(Buffer.from(bytes).fill(0, from, to), file('wav'));
        const { frames } = decoded;
        const lost = frames.reduce((sum, { payload, samples }) => sum + (payload === null ? samples : 0), 0) / RATE;
        assert.ok(Math.abs(lost - seconds(from, to)) < 0.001, `${lost} s lost`);
        assert.equal(decoded.pcm.length, whole.pcm.length);
        const end = Math.ceil(seconds(0, to) * RATE);
        assert.deepEqual(decoded.pcm.subarray(end), whole.pcm.subarray(end));
      }
    });
  }

  it('is silent where zeros begin or end elsewhere than sectors', async () => {
    const bytes = wav(FORMAT, chunk('data', pcm(16, 1)));
    for (const [from, to] of [
      [100 * 512 + 100, 350 * 512],
      [100 * 512, 350 * 512 + 100],
      [100 * 512 - 200, bytes.length],
    ] as const) {
      const { report, pcm: decoded } = await decodeAll(Buffer.from(bytes).fill(0, from, to), file('wav'));
      assert.equal(report.corruptFrames, 0);
      assert.equal(decoded.length, SIGNAL.length);
    }
  });

  it('is silent where a recorder was muted, if its samples begin with a sector', async () => {
    const bytes = wav(FORMAT, chunk('JUNK', Buffer.alloc(512 - 52)), chunk('data', pcm(16, 1)));
    assert.equal(bytes.indexOf('data') + 8, 512);
    const { report } = await decodeAll(Buffer.from(bytes).fill(0, 100 * 512, 300 * 512), file('wav'));
    assert.equal(report.corruptFrames, 0);
  });
});
