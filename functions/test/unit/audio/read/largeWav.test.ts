import assert from 'node:assert/strict';
import { recogniseFormat } from '../../../../src/audio/read/recognise.ts';
import { decodeAll, ffmpeg, lostSeconds, RATE, s16le } from '../../../support/audio.ts';
import type { Decoded } from '../../../support/audio.ts';
import { encode, file, SECONDS, SIGNAL, startOf } from '../../../support/containers.ts';

const power = (pcm: Float32Array): number => pcm.reduce((sum, sample) => sum + sample * sample, 0);

describe('WAV files for more than 4 GB, and several in one', () => {
  const header = (magic: string, dataBytes: bigint): Buffer => {
    const ds64 = Buffer.alloc(36);
    ds64.write('ds64', 'latin1');
    ds64.writeUInt32LE(28, 4);
    ds64.writeBigUInt64LE(dataBytes, 16);
    const bytes = encode('wav', [], ['-fflags', '+bitexact']);
    bytes.write(magic, 'latin1');
    bytes.writeUInt32LE(0xffff_ffff, 4);
    bytes.writeUInt32LE(0xffff_ffff, bytes.indexOf('data') + 4);
    return Buffer.concat([bytes.subarray(0, 12), ds64, bytes.subarray(12)]);
  };
  const dataBytes = 2 * SIGNAL.length;

  for (const [name, make] of [
    ['RF64', () => header('RF64', BigInt(dataBytes))],
    ['BW64', () => header('BW64', BigInt(dataBytes))],
    [
      'Sony Wave64',
      () => ffmpeg(['-f', 's16le', '-ar', '16000', '-ac', '1', '-i', 'pipe:0', '-f', 'w64', 'pipe:1'], s16le(SIGNAL)),
    ],
  ] as const) {
    it(`are read by their own sizes, and what they claim but lack is lost time: ${name}`, async () => {
      const bytes = make();
      assert.deepEqual(recogniseFormat(bytes, file('mp3')), file('wav'));
      const tagged = Buffer.concat([bytes, Buffer.from('LIST\x04\0\0\0INFO', 'latin1')]);
      const whole = await decodeAll(name === 'Sony Wave64' ? bytes : tagged, file('wav'));
      assert.equal(whole.pcm.length, SIGNAL.length);
      assert.equal(lostSeconds(whole), 0);
      if (name === 'Sony Wave64') return; // written to a pipe, it has no size
      const cut = await decodeAll(bytes.subarray(0, bytes.length - dataBytes / 4), file('wav'));
      assert.ok(Math.abs(lostSeconds(cut) - SECONDS / 4) < 0.01, `${lostSeconds(cut)} s lost`);
    });
  }

  it('are read one behind the other, each at its own rate, and so is a following file of another kind', async () => {
    const fast = encode('wav', [], ['-ar', '44100']);
    const { pcm } = await decodeAll(Buffer.concat([encode('wav'), fast, encode('flac')]), file('wav'));
    assert.ok(Math.abs(pcm.length / RATE - 3 * SECONDS) < 0.1, `${pcm.length / RATE} s`);
    for (const i of [1, 2]) {
      const third = { pcm: pcm.subarray(i * SECONDS * RATE) } as Decoded;
      assert.ok(Math.abs(startOf(third).lag) < 20 && power(third.pcm) > 0.8 * power(SIGNAL));
    }
  });
});
