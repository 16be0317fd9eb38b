/** The reason that a file states if nothing of it can be decoded. */
import assert from 'node:assert/strict';
import { decodeAll, ffmpeg } from '../../../support/audio.ts';
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
  it('is refused because the headers of Ogg are damaged, not because it is no Ogg', async () => {
    const vorbis = encode('ogg', [], ['-c:a', 'libvorbis']);
    const flac = encode('ogg', [], ['-c:a', 'flac']);
    for (const bytes of [overwritten(vorbis, 40), overwritten(vorbis, 80), overwritten(flac, 36)]) {
      assert.match(await refusal(bytes, 'ogg'), /headers of the Ogg file are damaged/);
    }
  });

  const webm = encode('webm');
  const m4a = encode('m4a');
  const aiff = encode('wav', [], ['-c:a', 'adpcm_ima_qt', '-f', 'aiff']);
  const caf = encode('wav', [], ['-c:a', 'alac', '-f', 'caf']);
  for (const [name, extension, bytes, at] of [
    ['WebM or Matroska', 'webm', webm, webm.indexOf('webm')],
    ['WebM or Matroska', 'webm', webm, webm.indexOf('OpusHead') - 30],
    ['MP4', 'm4a', Buffer.from(m4a).fill(0x97, m4a.indexOf('mvhd') - 4), m4a.indexOf('mdia') - 4],
    ['AIFF', 'aiff', aiff, aiff.indexOf('COMM')],
    ['AIFF', 'aiff', aiff, aiff.indexOf('SSND')],
    ['CAF', 'caf', caf, caf.indexOf('desc')],
    ['CAF', 'caf', caf, caf.indexOf('data')],
  ] as const) {
    it(`is refused because the headers of ${name} are damaged at byte ${at}`, async () => {
      assert.equal(
        await refusal(overwritten(bytes, at), extension),
        `The headers of the ${name} file are damaged: they say how to read the rest.`,
      );
    });
  }

  it('is refused because no sound follows the headers', async () => {
    const flac = encode('flac');
    const ogg = encode('ogg');
    const wav = encode('wav');
    for (const [name, extension, bytes] of [
      ['FLAC', 'flac', flac.subarray(0, flac.indexOf(Buffer.of(0xff, 0xf8)))],
      ['Ogg', 'ogg', ogg.subarray(0, ogg.indexOf('OggS', ogg.indexOf('OpusTags')))],
      ['WebM or Matroska', 'webm', webm.subarray(0, webm.indexOf(Buffer.of(0x1f, 0x43, 0xb6, 0x75)))],
      ['AIFF', 'aiff', aiff.subarray(0, aiff.indexOf('SSND') + 16)],
      ['WAV', 'wav', wav.subarray(0, wav.indexOf('data') + 8)],
      ['AMR', 'amr', Buffer.from('#!AMR-WB\n')],
    ] as const) {
      assert.equal(await refusal(bytes, extension), `The ${name} file ends before its first sound.`);
    }
  });

  it('is refused because it has no audio track', async () => {
    const picture = ['-f', 'lavfi', '-i', 'color=s=16x16:d=1'];
    for (const [name, extension, encoder] of [
      ['MP4', 'm4a', ['-c:v', 'mpeg4', '-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4']],
      ['WebM or Matroska', 'webm', ['-c:v', 'libvpx', '-f', 'webm']],
    ] as const) {
      const video = ffmpeg([...picture, ...encoder, 'pipe:1']);
      assert.equal(await refusal(video, extension), `The ${name} file has no audio track.`);
    }
  });

  it('does not break the reader if a hundred thousand boxes are nested', async () => {
    const boxes = 100_000;
    const bytes = Buffer.alloc(16 + 8 * boxes);
    bytes.writeUInt32BE(16);
    bytes.write('ftypM4A ', 4, 'latin1');
    for (let i = 0; i < boxes; i++) {
      bytes.writeUInt32BE(8 * (boxes - i), 16 + 8 * i);
      bytes.write(i === 0 ? 'moov' : 'trak', 20 + 8 * i, 'latin1');
    }
    assert.equal(await refusal(bytes, 'm4a'), 'The MP4 file has no audio track.');
  });

  it('is refused because its sound cannot be decoded, if its headers are intact', async () => {
    const bytes = encode('webm');
    bytes.fill(0x97, bytes.indexOf(Buffer.of(0x1f, 0x43, 0xb6, 0x75)) + 16);
    assert.match(await refusal(bytes, 'webm'), /^Nothing of the WebM or Matroska file can be decoded/);
  });

  it('is refused because a CAF file was cut off before its packet table', async () => {
    const bytes = encode('wav', [], ['-c:a', 'alac', '-f', 'caf']);
    assert.match(await refusal(bytes.subarray(0, bytes.length / 2), 'caf'), /no packet table/);
  });

  it('is refused because the format of a WAV file is missing', async () => {
    assert.match(await refusal(overwritten(encode('wav'), 12), 'wav'), /headers of the WAV file are damaged/);
  });
});
