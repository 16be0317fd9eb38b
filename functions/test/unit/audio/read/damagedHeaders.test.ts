/** Files with damaged headers and intact audio: what the headers state is known from elsewhere, or not needed. */
import assert from 'node:assert/strict';
import { oggCrc32 } from '../../../../src/audio/read/oggCrc.ts';
import { decodeAll, lostSeconds, RATE, s16le } from '../../../support/audio.ts';
import { BOTH, encode, file, hasCode } from '../../../support/containers.ts';

describe('Files', () => {
  for (const [name, encoder] of [
    ['Opus', ['-c:a', 'libopus']],
    ['Opus in two channels', ['-ac', '2', '-c:a', 'libopus']],
    ['Speex', ['-c:a', 'libspeex']],
    ['FLAC', ['-c:a', 'flac']],
    ['Vorbis', ['-c:a', 'libvorbis']],
  ] as const) {
    it(`of ${name} in .ogg with damaged comments are read to the end`, async () => {
      const bytes = encode('ogg', [], encoder);
      const { pcm } = await decodeAll(bytes, file('ogg'));
      const page = bytes.indexOf('OggS', 4);
      const sound = bytes.indexOf('OggS', page + 4);
      const from = name === 'Vorbis' ? bytes.indexOf('\x03vorbis', page, 'latin1') : page;
      const to = name === 'Vorbis' ? from + 30 : sound;
      const damaged = [0, 0x55, 0xff].map((fill) => Buffer.from(bytes).fill(fill, from, to));
      const short = Buffer.concat([bytes.subarray(0, page + 30), bytes.subarray(page + 41)]);
      for (const each of name === 'Vorbis' ? damaged : [...damaged, short]) {
        assert.deepEqual((await decodeAll(each, file('ogg'))).pcm, pcm);
      }
    });
  }

  it('of Opus in .ogg whose first page is damaged are read by their packets', async () => {
    for (const channels of ['1', '2']) {
      const bytes = encode('ogg', [], ['-ac', channels, '-c:a', 'libopus']);
      const { pcm } = await decodeAll(bytes, file('ogg'));
      assert.deepEqual((await decodeAll(Buffer.from(bytes).fill(0x55, 4, 47), file('ogg'))).pcm, pcm);
    }
  });

  for (const decoder of BOTH) {
    it(`of Ogg behind another one, without the first page, are lost time: ${decoder}`, async () => {
      const [first, second] = [encode('ogg'), encode('ogg', [], ['-serial_offset', '7'])];
      const cut = second.subarray(second.indexOf('OggS', 4));
      const decoded = await decodeAll(Buffer.concat([first, cut]), file('ogg'), { decoder });
      assert.ok(Math.abs(lostSeconds(decoded) - 10) < 0.5, `${lostSeconds(decoded)} s lost`);
      assert.ok(Math.abs(decoded.pcm.length / RATE - 20) < 0.5, `${decoded.pcm.length / RATE} s`);
    });
  }

  it('of Ogg at which the decoder stops before the end have lost the rest', async () => {
    const bytes = encode('ogg', [], ['-page_duration', '200000']);
    let page = 0;
    for (let at = bytes.indexOf('OggS'); at >= 0; at = bytes.indexOf('OggS', at + 4), page++) {
      if (page < 10 || page % 3 !== 0) continue;
      const next = bytes.indexOf('OggS', at + 4);
      bytes.fill(0xff, at + 6, at + 14); // says that no packet ends on the page
      bytes.fill(0, at + 22, at + 26);
      bytes.writeUInt32LE(oggCrc32(bytes.subarray(at, next < 0 ? bytes.length : next)), at + 22);
    }
    const decoded = await decodeAll(bytes, file('ogg'));
    assert.ok(lostSeconds(decoded) > 5, `${lostSeconds(decoded)} s lost`);
    assert.ok(Math.abs(decoded.pcm.length / RATE - 10) < 0.3, `${decoded.pcm.length / RATE} s`);
  });

  it('of Ogg with one wrong byte anywhere in a page are read as without it', async () => {
    const bytes = encode('ogg');
    const { pcm } = await decodeAll(bytes, file('ogg'));
    const page = bytes.indexOf('OggS', bytes.length / 2);
    const lastPage = bytes.lastIndexOf('OggS');
    // Bytes of a page: its mark, its time, its number of lengths, one of these, and its audio.
    for (const at of [page, page + 8, page + 26, page + 30, page + 400, lastPage + 100]) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 0x12;
      const decoded = await decodeAll(damaged, file('ogg'));
      assert.equal(decoded.report.corruptFrames, 0, `byte ${at - page}`);
      assert.ok(s16le(decoded.pcm).equals(s16le(pcm)), `byte ${at - page}`);
    }
  });

  for (const decoder of BOTH) {
    it(`of MP3 whose tag states an absurd number of frames lose nothing: ${decoder}`, async () => {
      const bytes = encode('mp3');
      const { pcm } = await decodeAll(bytes, file('mp3'), { decoder });
      const frames = Math.max(bytes.indexOf('Xing'), bytes.indexOf('Info')) + 8;
      for (const at of [frames, frames + 1, frames + 2]) {
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= 0x55;
        const decoded = await decodeAll(damaged, file('mp3'), { decoder });
        assert.equal(lostSeconds(decoded), 0, `byte ${at - frames}`);
        assert.ok(Math.abs(decoded.pcm.length - pcm.length) < 0.1 * RATE, `${decoded.pcm.length} of ${pcm.length}`);
      }
    });
  }

  it('of FLAC with damaged headers are read by the headers of their frames', async () => {
    const bytes = encode('flac');
    const { pcm } = await decodeAll(bytes, file('flac'));
    const sound = bytes.indexOf(Buffer.of(0xff, 0xf8));
    for (const [from, to] of [
      [4, 8],
      [8, 26],
      [20, 40],
      [42, 46],
      [60, sound],
      [4, sound],
    ] as const) {
      for (const fill of [0, 0xa5, 0x11]) {
        const decoded = await decodeAll(Buffer.from(bytes).fill(fill, from, to), file('flac'));
        assert.deepEqual(decoded.pcm, pcm, `${from} to ${to}: ${fill}`);
        assert.equal(decoded.report.corruptFrames, 0);
      }
    }
  });

  for (const decoder of BOTH) {
    it(`of FLAC that state one wrong byte of the number of samples lose nothing: ${decoder}`, async () => {
      const bytes = encode('flac');
      const { pcm } = await decodeAll(bytes, file('flac'), { decoder });
      for (const at of [21, 22, 23]) {
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= 0x05;
        const decoded = await decodeAll(damaged, file('flac'), { decoder });
        assert.equal(lostSeconds(decoded), 0, `byte ${at}`);
        assert.equal(decoded.pcm.length, pcm.length, `byte ${at}`);
      }
    });
  }

  it('with headers that are too short, or counted from the end, are either refused or read', async () => {
    const frames = encode('flac').subarray(encode('flac').indexOf(Buffer.of(0xff, 0xf8)));
    const early = Buffer.concat([Buffer.from('fLaC\x80\0\0\0', 'latin1'), frames]);
    assert.ok((await decodeAll(early, file('flac'))).pcm.length > 9 * RATE);
    const short = Buffer.concat([Buffer.from('fLaC\x80\0\0\0', 'latin1'), frames.subarray(0, 12)]);
    await assert.rejects(decodeAll(short, file('flac')), hasCode('recording_corrupt'));
    const ogg = encode('ogg');
    const [second = 0, third = 0] = [...ogg.toString('latin1').matchAll(/OggS/g)].slice(1).map(({ index }) => index);
    ogg.fill(0, second, third);
    ogg.writeUInt32LE(0, third + 18);
    ogg.writeUInt32LE(0, third + 22);
    const end = ogg.indexOf('OggS', third + 4);
    ogg.writeUInt32LE(oggCrc32(ogg.subarray(third, end)), third + 22);
    assert.ok((await decodeAll(ogg, file('ogg'))).pcm.length > 8 * RATE);
  });
});
