/** MP4 files with a wrong number in their index: what another number says again is mended, and the rest is lost time. */
import assert from 'node:assert/strict';
import { decodeAll, lostSeconds, RATE } from '../../../support/audio.ts';
import { BOTH, encode, encodeSignal, file, hasCode, lagAt, SECONDS, SIGNAL } from '../../../support/containers.ts';

/** Where a field of the first box of a type stands, bytes from the start of the box. */
const FIELDS: readonly (readonly [type: string, field: string, at: number])[] = [
  ['mvhd', 'type', 4],
  ['mvhd', 'version', 8],
  ['mvhd', 'unit', 21],
  ['trak', 'size', 2],
  ['trak', 'type', 5],
  ['tkhd', 'size', 3],
  ['edts', 'size', 3],
  ['elst', 'start', 21],
  ['elst', 'start', 22],
  ['mdia', 'type', 7],
  ['mdhd', 'type', 4],
  ['mdhd', 'version', 8],
  ['mdhd', 'duration', 25],
  ['minf', 'size', 3],
  ['dref', 'number of entries', 13],
  ['stsd', 'number of entries', 15],
  ['stsd', 'rate', 48],
  ['stts', 'size', 3],
  ['stts', 'number of entries', 14],
  ['stts', 'number of samples', 19],
  ['stts', 'duration', 22],
  ['stsc', 'first chunk', 19],
  ['stsc', 'samples of a chunk', 22],
  ['stsc', 'description', 27],
  ['stsz', 'size of all samples', 15],
  ['stsz', 'number of samples', 18],
  ['stsz', 'size of a sample', 20 + 4 * 10],
  ['stsz', 'size of a sample', 20 + 4 * 10 + 2],
  ['stsz', 'size of a sample', 20 + 4 * 10 + 3],
  ['stco', 'number of chunks', 12],
  ['stco', 'place', 18],
];

describe('An MP4 file with one wrong byte in its index', function () {
  for (const [codec, encoder, step, first] of [
    ['AAC', [], 2, 0],
    ['AAC behind its index', ['-movflags', '+faststart'], 2, 1],
    ['ALAC', ['-c:a', 'alac'], 4, 0],
  ] as const) {
    for (const decoder of BOTH) {
      it(`is read in full, each second in its place: ${codec}, ${decoder}`, async () => {
        const bytes = encode('m4a', [], encoder);
        for (const [i, [type, field, at]] of FIELDS.entries()) {
          if (i % (decoder === 'sandbox' ? step : 5) !== first) continue;
          const damaged = Buffer.from(bytes);
          damaged[bytes.indexOf(type) - 4 + at]! ^= 0x55;
          const decoded = await decodeAll(damaged, file('m4a'), { decoder });
          const what = `${field} of ${type}, byte ${at}`;
          assert.ok(lostSeconds(decoded) < 0.7, `${what}: ${lostSeconds(decoded)} s lost`);
          assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.1, `${what}: ${decoded.pcm.length / RATE} s`);
          for (const second of [1, 5, 8])
            assert.ok(Math.abs(lagAt(decoded, second)) < 20, `${what}: ${second} s is ${lagAt(decoded, second)} late`);
        }
      });
    }
  }
});

describe('An MP4 file with a wrong rate for its decoder', () => {
  for (const [codec, at] of [
    ['alac', 85],
    ['alac', 86],
    ['alac', 87],
    ['aac', 96],
  ] as const) {
    it(`is read at the rate of its track: ${codec}, byte ${at}`, async () => {
      const bytes = encode('m4a', [], ['-c:a', codec]);
      const { pcm } = await decodeAll(bytes, file('m4a'));
      const position = bytes.indexOf('stsd') - 4 + at;
      bytes[position]! ^= codec === 'aac' ? 0x80 : 0x06;
      assert.deepEqual((await decodeAll(bytes, file('m4a'))).pcm, pcm);
    });
  }
});

describe('An MP4 file whose index contradicts itself', () => {
  /** Writes a number into a box of the index. */
  const withNumber = (type: string, at: number, value: number): Buffer => {
    const bytes = encode('m4a');
    bytes.writeUInt32BE(value, bytes.indexOf(type) - 4 + at);
    return bytes;
  };

  for (const decoder of BOTH) {
    it(`has lost the time that most of its numbers claim: ${decoder}`, async () => {
      for (const [name, damaged] of [
        ['an edit of one second', withNumber('elst', 16, 1000)],
        ['a size of half the samples', withNumber('stsz', 20 + 4 * 80, 70_000_000)],
      ] as const) {
        const decoded = await decodeAll(damaged, file('m4a'), { decoder });
        assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.1, `${name}: ${decoded.pcm.length / RATE} s`);
      }
    });
  }

  it('in the number of samples of a duration is repaired where all durations then add up', async () => {
    const bytes = encodeSignal(SIGNAL.subarray(0, 4 * RATE), 'm4a', [], ['-c:a', 'alac']);
    const { pcm } = await decodeAll(bytes, file('m4a'));
    // The last sample is counted seven times. Six less of the 15 samples before it would be as many, too.
    const last = bytes.indexOf('stts') - 4 + 27;
    assert.equal(bytes[last], 1);
    bytes[last] = 7;
    const decoded = await decodeAll(bytes, file('m4a'));
    assert.equal(decoded.pcm.length, pcm.length);
    assert.equal(lostSeconds(decoded), 0);
  });

  for (const decoder of BOTH) {
    it(`and that has pictures lasts as long as its sound, and what is not found of it is lost: ${decoder}`, async () => {
      const pictures = ['-f', 'lavfi', '-i', 'testsrc=size=64x48:rate=5:duration=13'];
      const bytes = encode('m4a', pictures, ['-map', '1:a', '-map', '0:v', '-c:v', 'mpeg4']);
      for (const [type, field, at, ...others] of [
        ['stco', 'place of the seventh chunk of sound', 16 + 4 * 6 + 1],
        ['stco', 'place of the seventh chunk of sound, twice', 16 + 4 * 6 + 1, 16 + 4 * 6 + 2],
        ['stsz', 'size of the fifth sample of sound', 20 + 4 * 4 + 1],
        ['stts', 'number of samples', 19],
        ['vmhd', 'type', 6],
        ['vmhd', 'size', 2],
      ] as const) {
        const damaged = Buffer.from(bytes);
        for (const each of [at, ...others]) damaged[bytes.indexOf(type) - 4 + each]! ^= 0x55;
        const decoded = await decodeAll(damaged, file('m4a'), { decoder });
        const lost = lostSeconds(decoded);
        assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.1, `${field}: ${decoded.pcm.length / RATE} s`);
        assert.ok(others.length > 0 ? lost >= 1 : lost === 0, `${field}: ${lost} s lost`);
      }
    });
  }

  it('is read or refused if bytes before it are missing', async () => {
    const bytes = encode('m4a', [], ['-movflags', '+faststart']);
    for (let missing = 1; missing <= bytes.indexOf('moov'); missing++) {
      const outcome = await decodeAll(bytes.subarray(missing), file('m4a')).catch((error: unknown) => error);
      const isRefused = hasCode('recording_corrupt')(outcome);
      assert.ok(!(outcome instanceof Error) || isRefused, `${missing} bytes are missing: ${String(outcome)}`);
    }
  });

  it('is refused if its boxes lie in one another without end', async () => {
    const nested = Buffer.alloc(8 * 50_000);
    for (let at = 0; at < nested.length; at += 8) {
      nested.writeUInt32BE(nested.length - at, at);
      nested.write(at === 0 ? 'trak' : 'edts', at + 4);
    }
    const bytes = encode('m4a');
    const index = bytes.indexOf('moov') - 4;
    const movie = bytes.subarray(index + 8, bytes.indexOf('trak') - 4);
    const head = Buffer.from('\0\0\0\0moov', 'latin1');
    head.writeUInt32BE(head.length + movie.length + nested.length);
    const damaged = Buffer.concat([bytes.subarray(0, index), head, movie, nested]);
    await assert.rejects(decodeAll(damaged, file('m4a')), hasCode('recording_corrupt'));
  });

  for (const decoder of BOTH) {
    it(`of two tracks has each second of both in its place: ${decoder}`, async () => {
      const bytes = encode('m4a', [], ['-map', '0', '-map', '0']);
      const [first, second] = [bytes.indexOf('trak'), bytes.lastIndexOf('trak')];
      for (const [from, type, at] of [
        [first, 'stsc', 22],
        [first, 'stsz', 20 + 4 * 30 + 3],
        [second, 'stsz', 20 + 4 * 20 + 2],
        [first, 'stco', 3],
        [second, 'stco', 16 + 4 * 20 + 2],
      ] as const) {
        const damaged = Buffer.from(bytes);
        damaged[bytes.indexOf(type, from) - 4 + at]! ^= 0x55;
        const decoded = await decodeAll(damaged, file('m4a'), { decoder });
        const what = `byte ${at} of ${type}`;
        assert.equal(lostSeconds(decoded), 0, what);
        assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.1, `${what}: ${decoded.pcm.length / RATE} s`);
        for (const each of [1, 5, 8])
          assert.ok(Math.abs(lagAt(decoded, each)) < 20, `${what}: ${each} s is ${lagAt(decoded, each)} late`);
      }
    });
  }

  it('is read if a wrong size leads to a box within another one', async () => {
    const bytes = encode('m4a');
    const { pcm } = await decodeAll(bytes, file('m4a'));
    const [edits, inner] = [bytes.indexOf('edts') - 4, bytes.indexOf('dref') - 4];
    assert.ok(inner - edits < 256 && bytes.readUInt32BE(edits) < 256, 'one byte makes it so');
    bytes.writeUInt32BE(inner - edits, edits);
    const decoded = await decodeAll(bytes, file('m4a'));
    assert.equal(lostSeconds(decoded), 0);
    assert.deepEqual(decoded.pcm, pcm);
  });

  it('of two intact tracks is read as it is', async () => {
    const bytes = encode('m4a', [], ['-map', '0', '-map', '0']);
    const decoded = await decodeAll(bytes, file('m4a'));
    assert.equal(lostSeconds(decoded), 0);
    assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.1);
  });
});

describe('An intact MP4 file', () => {
  it('whose edit list shows its first seconds alone has no more', async () => {
    const bytes = encode('m4a');
    const [movie, track, edit] = ['mvhd', 'tkhd', 'elst'].map((type) => bytes.indexOf(type) - 4) as [
      number,
      number,
      number,
    ];
    for (const at of [movie + 24, track + 28, edit + 16]) bytes.writeUInt32BE(4000, at);
    const decoded = await decodeAll(bytes, file('m4a'));
    assert.equal(lostSeconds(decoded), 0);
    assert.ok(Math.abs(decoded.pcm.length / RATE - 4) < 0.1, `${decoded.pcm.length / RATE} s`);
  });

  for (const decoder of BOTH) {
    it(`whose edit has no duration is read to its end: ${decoder}`, async () => {
      const bytes = encode('m4a');
      const { pcm } = await decodeAll(bytes, file('m4a'), { decoder });
      bytes.writeUInt32BE(0, bytes.indexOf('elst') - 4 + 16);
      assert.equal((await decodeAll(bytes, file('m4a'), { decoder })).pcm.length, pcm.length);
    });
  }
});
