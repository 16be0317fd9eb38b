import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OggOpusDecoder } from 'ogg-opus-decoder';
import { writeOggOpus } from '../../../../src/audio/chunk/oggOpus.ts';
import type { OggOpusInput, OggOpusPacket } from '../../../../src/audio/chunk/oggOpus.ts';
import { opusPacketSamples48k } from '../../../../src/audio/read/opusPacket.ts';
import { noise } from '../read/framing.ts';
import { audioPacketsOf, packetsOf, readPages } from '../../../../../dev/deepgram/oggPages.ts';
import { encodeOpus, run } from '../read/tools.ts';

const BASE: Omit<OggOpusInput, 'packets'> = { channels: 1, inputSampleRate: 16_000, preSkip48k: 0, serial: 1 };

function encoded(options: Parameters<typeof encodeOpus>[0]): OggOpusPacket[] {
  return audioPacketsOf(encodeOpus(options)).map((payload) => {
    const samples48k = opusPacketSamples48k(payload);
    assert.ok(samples48k !== null);
    return { payload, samples48k };
  });
}

const totalSamples = (packets: readonly OggOpusPacket[]): number => packets.reduce((sum, p) => sum + p.samples48k, 0);

describe('writeOggOpus', () => {
  it('writes the headers of RFC 7845 on separate pages', () => {
    const packets = [{ payload: Uint8Array.of(0xb0), samples48k: 480 }];
    const file = writeOggOpus({ packets, channels: 2, inputSampleRate: 24_000, preSkip48k: 312, serial: 0xdead_beef });
    const pages = [...readPages(file)];
    const [head, tags, audio] = packetsOf(pages);
    assert.ok(head && tags && audio);
    assert.deepEqual([head.page.index, tags.page.index, audio.page.index], [0, 1, 2]);
    assert.equal(
      head.bytes.toString('hex'),
      Buffer.from('OpusHead').toString('hex') + '0102' + '3801' + 'c05d0000' + '0000' + '00',
    );
    assert.equal(tags.bytes.toString('latin1'), 'OpusTags\x12\0\0\0offline-audio-sync\0\0\0\0');
    assert.deepEqual(
      pages.map(({ first, last, granule, serial, sequence }) => ({ first, last, granule, serial, sequence })),
      [
        { first: true, last: false, granule: 0n, serial: 0xdead_beef, sequence: 0 },
        { first: false, last: false, granule: 0n, serial: 0xdead_beef, sequence: 1 },
        { first: false, last: true, granule: 480n, serial: 0xdead_beef, sequence: 2 },
      ],
    );
  });

  it('returns every packet, from pages of at most a second whose times are right', () => {
    const size = fc.oneof(
      { weight: 40, arbitrary: fc.integer({ min: 1, max: 600 }) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(254, 255, 256, 509, 510, 511, 65_024, 65_025, 65_026, 65_279, 65_280, 65_536),
      },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 65_536 }) },
    );
    const content = noise(65_536 + 1000, 1);
    const packet = fc.tuple(size, fc.constantFrom(120, 240, 480, 960, 2880, 5760), fc.nat(1000));
    const packetList = fc.oneof(
      fc.array(packet, { minLength: 1, maxLength: 20 }),
      fc.array(packet, { minLength: 200, maxLength: 300 }),
    );
    fc.assert(
      fc.property(packetList, (list) => {
        const packets = list.map(([bytes, samples48k, at]) => ({
          payload: content.subarray(at, at + bytes),
          samples48k,
        }));
        const pages = [...readPages(writeOggOpus({ ...BASE, packets }))];
        const read = [...packetsOf(pages)].slice(2);

        assert.equal(read.length, packets.length);
        for (const [i, { bytes }] of read.entries()) assert.ok(bytes.equals(packets[i]!.payload), `packet ${i}`);

        for (const [index, page] of pages.entries()) {
          assert.equal(page.sequence, index);
          assert.equal(page.first, index === 0);
          assert.equal(page.last, index === pages.length - 1);
          if (index < 2) continue;
          const ended = read.flatMap((p, i) => (p.page.index === index ? [packets[i]!] : []));
          const through = packets.slice(0, read.filter((p) => p.page.index <= index).length);
          assert.equal(page.granule, ended.length === 0 ? null : BigInt(totalSamples(through)));
          assert.ok(totalSamples(ended) <= 48_000);
        }
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it('divides a packet over pages only if it is larger than a page', () => {
    const packets = Array.from({ length: 400 }, (_, i) => ({ payload: noise(300 + i, i), samples48k: 120 }));
    assert.ok([...readPages(writeOggOpus({ ...BASE, packets }))].every(({ continued }) => !continued));
    const huge = [{ payload: noise(65_536, 1), samples48k: 120 }];
    assert.deepEqual(
      [...readPages(writeOggOpus({ ...BASE, packets: huge }))].map(({ continued }) => continued),
      [false, false, false, true],
    );
  });

  it('counts granules beyond 32 bits', () => {
    const packet = { payload: Uint8Array.of(0xb0), samples48k: 5760 };
    const packets = new Array<OggOpusPacket>(800_000).fill(packet);
    const last = Buffer.from(writeOggOpus({ ...BASE, packets })).subarray(-200);
    assert.equal(last.readBigInt64LE(last.lastIndexOf('OggS') + 6), 4_608_000_000n);
  });

  it('refuses a stream that would be invalid', () => {
    assert.throws(() => writeOggOpus({ ...BASE, packets: [] }), RangeError);
    const packets = [{ payload: Uint8Array.of(0xb0), samples48k: 480 }];
    assert.throws(() => writeOggOpus({ ...BASE, packets, preSkip48k: 481 }), RangeError);
  });
});

describe('writeOggOpus before real decoders', () => {
  /** Decodes with warnings on; any message of the decoder fails the test. Returns samples of each channel at 48 kHz. */
  function ffmpegSamples(file: Uint8Array, channels: number): number {
    const args = ['-v', 'warning', '-xerror', '-f', 'ogg', '-i', '-', '-f', 's16le', '-ar', '48000', '-'];
    const { stdout, stderr } = run('ffmpeg', args, file);
    assert.equal(stderr, '');
    return stdout.length / 2 / channels;
  }

  /** The same with ogg-opus-decoder, which reads Ogg with codec-parser. Returns samples of each channel at 48 kHz. */
  async function wasmSamples(file: Uint8Array, channels: number): Promise<number> {
    const decoder = new OggOpusDecoder();
    await decoder.ready;
    try {
      const { samplesDecoded, channelData, errors } = await decoder.decodeFile(file);
      assert.deepEqual(errors, []);
      assert.equal(channelData.length, channels);
      return samplesDecoded;
    } finally {
      decoder.free();
    }
  }

  for (const frameMs of [2.5, 10, 20, 60, 120]) {
    it(`decodes without a warning to exactly the packets less the pre-skip: ${frameMs} ms packets`, async () => {
      const packets = encoded({ seconds: 3, frameMs });
      for (const preSkip48k of [0, 312, 3840]) {
        const file = writeOggOpus({ ...BASE, packets, preSkip48k });
        const expected = totalSamples(packets) - preSkip48k;
        assert.equal(ffmpegSamples(file, 1), expected);
        assert.equal(await wasmSamples(file, 1), expected);
      }
    });
  }

  it('decodes stereo, packets of several segments, and a part from the middle of a recording', async () => {
    const packets = encoded({ seconds: 4, frameMs: 20, channels: 2, kbps: 256 });
    assert.ok(packets.some(({ payload }) => payload.length > 510));
    const part = packets.slice(50, 120);
    const file = writeOggOpus({ ...BASE, packets: part, channels: 2, preSkip48k: 3840 });
    assert.equal(ffmpegSamples(file, 2), 70 * 960 - 3840);
    assert.equal(await wasmSamples(file, 2), 70 * 960 - 3840);
  });

  it('decodes to the very samples of the original file', () => {
    const original = encodeOpus({ seconds: 2, frameMs: 10 });
    const packets = audioPacketsOf(original).map((payload) => ({ payload, samples48k: 480 }));
    const preSkip48k = [...packetsOf(readPages(original))][0]!.bytes.readUInt16LE(10);
    const decode = (file: Uint8Array): Buffer =>
      run('ffmpeg', ['-v', 'error', '-f', 'ogg', '-i', '-', '-f', 's16le', '-'], file).stdout;
    const expected = decode(original); // shorter: its encoder trims the end
    const actual = decode(writeOggOpus({ ...BASE, packets, preSkip48k }));
    assert.ok(expected.length > 2 * 1.9 * 48_000);
    assert.ok(actual.subarray(0, expected.length).equals(expected));
  });
});
