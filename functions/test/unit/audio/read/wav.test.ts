/** What recorders and storage do to WAV files. */
import assert from 'node:assert/strict';
import { chirp, decodeAll, RATE, s16le } from '../../../support/audio.ts';
import { file } from '../../../support/containers.ts';

const SECONDS = 10;
const PCM = s16le(chirp(SECONDS));

function chunk(name: string, content: Buffer, isPadded = true): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(isPadded ? content.length & 1 : 0)]);
}

const FORMAT = (() => {
  const format = Buffer.alloc(16);
  format.writeUInt16LE(1, 0);
  format.writeUInt16LE(1, 2);
  format.writeUInt32LE(RATE, 4);
  format.writeUInt32LE(2 * RATE, 8);
  format.writeUInt16LE(2, 12);
  format.writeUInt16LE(16, 14);
  return chunk('fmt ', format);
})();

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
});
