/** WAV, AIFF and CAF files with one wrong number in their headers: the others say what it was. */
import assert from 'node:assert/strict';
import { decodeAll, ffmpeg, lostSeconds, RATE, s16le } from '../../../support/audio.ts';
import { encode, file, hasCode, SECONDS, SIGNAL } from '../../../support/containers.ts';

const INPUT = ['-f', 's16le', '-ar', '16000', '-ac', '1', '-i', 'pipe:0'];
const encodeAs = (extension: 'wav' | 'aiff' | 'caf', ...options: readonly string[]): Buffer => {
  const coder = extension === 'wav' ? 'pcm_s16le' : 'pcm_s16be';
  // Through a pipe, no sizes would be stated.
  const raw = ffmpeg([...INPUT, '-c:a', coder, ...options, '-f', extension, 'pipe:1'], s16le(SIGNAL));
  if (extension === 'caf') return raw;
  const [name, form] = extension === 'wav' ? (['data', 0] as const) : (['SSND', 1] as const);
  const data = raw.indexOf(name);
  const write = (value: number, at: number) =>
    form === 0 ? raw.writeUInt32LE(value, at) : raw.writeUInt32BE(value, at);
  write(raw.length - data - 8, data + 4);
  write(raw.length - 8, 4);
  return raw;
};

/** A CAF file of compressed packets: its table of packets is written at the end. */
function encodeToFile(...codec: readonly string[]): Buffer {
  return encode('m4a', [], [...codec, '-f', 'caf']);
}

const alac = encodeToFile('-c:a', 'alac');

describe('A PCM file with one wrong byte in its header', () => {
  for (const [extension, chunk, field, at] of [
    ['wav', 'fmt ', 'channels', 2],
    ['wav', 'fmt ', 'channels', 3],
    ['wav', 'fmt ', 'rate', 4],
    ['wav', 'fmt ', 'rate', 5],
    ['wav', 'fmt ', 'rate', 6],
    ['wav', 'fmt ', 'rate', 7],
    ['wav', 'data', 'size', -3],
    ['wav', 'data', 'size', -2],
    ['wav', 'ds64', 'size', 10],
    ['aiff', 'SSND', 'offset', 2],
    ['aiff', 'SSND', 'offset', 3],
    ['aiff', 'SSND', 'size', -2],
    ['aiff', 'SSND', 'size', -3],
    ['aiff', 'COMM', 'rate', 8],
    ['aiff', 'COMM', 'rate', 10],
    ['aiff', 'COMM', 'rate', 11],
    ['caf', 'desc', 'rate', 4],
    ['caf', 'desc', 'rate', 6],
    ['caf', 'desc', 'rate', 7],
    ['caf', 'desc', 'bytes of a packet', 20],
    ['caf', 'desc', 'bytes of a packet', 21],
    ['caf', 'desc', 'bytes of a packet', 22],
    ['caf', 'desc', 'bytes of a packet', 23],
    ['caf', 'desc', 'samples of a packet', 25],
    ['caf', 'desc', 'samples of a packet', 27],
  ] as const) {
    it(`is read as without it: ${field} in ${chunk} of ${extension}, byte ${at}`, async () => {
      const bytes = chunk === 'ds64' ? encode('wav', [], ['-rf64', 'always']) : encodeAs(extension);
      const whole = await decodeAll(bytes, file(extension));
      const damaged = Buffer.from(bytes);
      damaged[damaged.indexOf(chunk) + 8 + at]! ^= 0x55;
      const decoded = await decodeAll(damaged, file(extension));
      assert.equal(lostSeconds(decoded), 0);
      assert.equal(decoded.pcm.length, whole.pcm.length);
      assert.deepEqual(decoded.pcm, whole.pcm);
    });
  }

  it('is read at its unusual rate if the other numbers agree', async () => {
    for (const extension of ['wav', 'aiff', 'caf'] as const) {
      const { pcm } = await decodeAll(encodeAs(extension, '-ar', '12345'), file(extension));
      assert.ok(Math.abs(pcm.length - SIGNAL.length) < 160, `${pcm.length} samples`);
    }
  });

  it('is refused if several usual rates are as near', async () => {
    const damaged = encodeAs('aiff');
    damaged[damaged.indexOf('COMM') + 8 + 9]! ^= 0x05;
    await assert.rejects(decodeAll(damaged, file('aiff')), hasCode('recording_corrupt'));
  });
});

describe('A CAF file of packets with one wrong byte in its headers', () => {
  for (const [chunk, field, at] of [
    ['desc', 'rate', 1],
    ['desc', 'bytes of a packet', 18],
    ['desc', 'samples of a packet', 22],
    ['desc', 'samples of a packet', 23],
    ['kuki', 'samples of a packet', 26],
    ['kuki', 'rate', 47],
    ['pakt', 'packets', 7],
    ['pakt', 'samples', 13],
    ['pakt', 'samples', 14],
  ] as const) {
    it(`is read as without it: ${field} in ${chunk}, byte ${at}`, async () => {
      const bytes = alac;
      const { pcm } = await decodeAll(bytes, file('caf'));
      const damaged = Buffer.from(bytes);
      damaged[damaged.indexOf(chunk) + 12 + at]! ^= 0x55;
      const decoded = await decodeAll(damaged, file('caf'));
      assert.equal(lostSeconds(decoded), 0);
      assert.deepEqual(decoded.pcm, pcm);
    });
  }

  it('of MP3 has the duration of its frames, however many samples its writer counts in each', async () => {
    const decoded = await decodeAll(encodeToFile('-c:a', 'libmp3lame'), file('caf'));
    assert.equal(lostSeconds(decoded), 0);
    assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.15, `${decoded.pcm.length / RATE} s`);
  });
});

describe('A WAV file of ADPCM', () => {
  for (const [name, number] of [
    ['counts the samples of both channels', (samples: number) => 2 * samples],
    ['counts far too many samples', (samples: number) => samples ^ 0x55_0000],
    ['counts far too few samples', (samples: number) => samples >> 4],
  ] as const) {
    it(`that ${name} has no lost time`, async () => {
      const bytes = encode('wav', [], ['-ac', '2', '-c:a', 'adpcm_ima_wav']);
      const { pcm } = await decodeAll(bytes, file('wav'));
      const at = bytes.indexOf('fact') + 8;
      bytes.writeUInt32LE(number(bytes.readUInt32LE(at)), at);
      const decoded = await decodeAll(bytes, file('wav'));
      assert.equal(lostSeconds(decoded), 0);
      assert.equal(decoded.pcm.length, pcm.length);
    });
  }

  it('that is cut off has lost the time that it counts', async () => {
    const bytes = encode('wav', [], ['-c:a', 'adpcm_ima_wav']);
    const decoded = await decodeAll(bytes.subarray(0, bytes.length >> 1), file('wav'));
    assert.ok(Math.abs(lostSeconds(decoded) - 5) < 0.3, `${lostSeconds(decoded)} s lost`);
  });
});
