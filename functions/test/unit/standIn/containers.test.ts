import assert from 'node:assert/strict';
import { encodeFlac } from '../../../src/audio/chunk/flac.ts';
import { openAudio } from '../../../../dev/deepgram/containers.ts';
import { AudioError } from '../../../../dev/deepgram/pcm.ts';
import { wavFile } from '../../../../dev/samples/encode.ts';

/** A tone that is hard to predict, so that the file has bytes to damage. */
const pcm = Int16Array.from({ length: 50_000 }, (_, i) => 9000 * Math.sin(i / 7) + ((i * 7919) % 500));

describe('The stand-in’s reader of containers', () => {
  let flac: Buffer;

  before(async () => {
    flac = Buffer.from(await encodeFlac(pcm, 16_000));
  });

  it('decodes FLAC exactly', async () => {
    const audio = await openAudio(flac);
    assert.ok(audio.kind === 'pcm');
    assert.deepEqual(audio.pcm, { sampleRate: 16_000, channels: 1, samples: pcm });
    assert.equal(audio.seconds, 50_000 / 16_000);
  });

  it('decodes WAV exactly, whatever chunks come before the data', async () => {
    const plain = wavFile([new Uint8Array(pcm.buffer)]);
    const list = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1');
    const audio = await openAudio(Buffer.concat([plain.subarray(0, 36), list, plain.subarray(36)]));
    assert.ok(audio.kind === 'pcm');
    assert.deepEqual(audio.pcm, { sampleRate: 16_000, channels: 1, samples: pcm });
  });

  const damage: Readonly<Record<string, (file: Buffer) => Buffer>> = {
    'another MD5': (file) => turnBit(file, 26),
    'another length': (file) => turnBit(file, 25),
    'a bit turned over in its audio': (file) => turnBit(file, file.length >> 1),
    'its end cut off': (file) => file.subarray(0, file.length - 100),
    'nothing behind its mark': (file) => file.subarray(0, 4),
  };
  for (const [what, change] of Object.entries(damage)) {
    it(`refuses FLAC with ${what}`, async () => {
      await assert.rejects(openAudio(change(Buffer.from(flac))), AudioError);
    });
  }

  it('refuses files without audio, and other kinds of files', async () => {
    await assert.rejects(openAudio(wavFile([])), AudioError);
    await assert.rejects(openAudio(Buffer.alloc(0)), AudioError);
    await assert.rejects(openAudio(Buffer.from('ID3 and then music')), AudioError);
  });
});

function turnBit(file: Buffer, at: number): Buffer {
  file.writeUInt8(file.readUInt8(at) ^ 1, at);
  return file;
}
