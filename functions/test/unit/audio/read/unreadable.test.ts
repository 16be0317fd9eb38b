/** Files of which nothing can be decoded say why, as far as they show it. */
import assert from 'node:assert/strict';
import { decodeAll } from '../../../support/audio.ts';
import { encode, file } from '../../../support/containers.ts';
import type { FileExtension } from '../../../../src/audio/read/format.ts';
import { AppError } from '../../../../src/errors.ts';

async function refusal(bytes: Buffer, extension: FileExtension): Promise<string> {
  try {
    await decodeAll(bytes, file(extension));
  } catch (error) {
    if (error instanceof AppError && error.code === 'recording_corrupt') return error.message;
    throw error;
  }
  throw new Error('It was decoded.');
}

function overwritten(bytes: Buffer, at: number): Buffer {
  return Buffer.from(bytes).fill(0x97, at, at + 8);
}

describe('A file of which nothing can be decoded', function () {
  it('says that headers of Ogg are damaged, not that it is no Ogg', async () => {
    const vorbis = encode('ogg', [], ['-c:a', 'libvorbis']);
    for (const bytes of [overwritten(vorbis, 40), overwritten(vorbis, 200), overwritten(encode('ogg'), 36)]) {
      assert.match(await refusal(bytes, 'ogg'), /headers of the Ogg file are damaged/);
    }
  });

  it('says that a CAF file was cut off before its packet table', async () => {
    const bytes = encode('wav', [], ['-c:a', 'alac', '-f', 'caf']);
    assert.match(await refusal(bytes.subarray(0, bytes.length / 2), 'caf'), /no packet table/);
  });

  it('says that the format of a WAV file is missing', async () => {
    assert.match(await refusal(overwritten(encode('wav'), 12), 'wav'), /no intact format/);
  });
});
