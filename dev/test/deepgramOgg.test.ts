import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readOggOpus } from '../deepgram/ogg.ts';
import { OggError } from '../deepgram/oggPages.ts';
import { OpusPacketError, opusPacketSamples } from '../deepgram/opusPacket.ts';
import { CONTINUED, FIRST, LAST, oggPages, opusHead, type TestPage, writePages } from './oggWriter.ts';

/** A SILK packet of 10 ms (configuration 8: wideband), one frame. */
const packet = (fill: number, length = 40): Uint8Array =>
  Uint8Array.from([8 << 3, ...new Array<number>(length - 1).fill(fill)]);
const packets = Array.from({ length: 120 }, (_, i) => ({ bytes: packet(i), samples: 480 }));

describe('the strict Ogg Opus reader', () => {
  it('returns the packets, and their duration without the pre-skip', () => {
    const stream = readOggOpus(writePages(oggPages(packets, { preSkip: 3840 })));
    assert.deepEqual(
      stream.packets.map(({ bytes }) => Buffer.from(bytes)),
      packets.map(({ bytes }) => Buffer.from(bytes)),
    );
    assert.equal(stream.samples, 120 * 480 - 3840);
    assert.equal(stream.preSkip, 3840);
  });

  it('trims the end if the last granule position says so', () => {
    assert.equal(readOggOpus(writePages(oggPages(packets, { trim: 100 }))).samples, 120 * 480 - 100);
  });

  it('joins packets that span several pages', () => {
    const [head, tags, audio] = oggPages([{ bytes: packet(5, 700), samples: 480 }]);
    assert.ok(head && tags && audio);
    const first: TestPage = { ...audio, flags: 0, granule: -1n, lacing: [255, 255], body: audio.body.subarray(0, 510) };
    const second: TestPage = {
      ...audio,
      flags: LAST | CONTINUED,
      sequence: 3,
      lacing: [190],
      body: audio.body.subarray(510),
    };
    const stream = readOggOpus(writePages([head, tags, first, second]));
    assert.deepEqual(
      stream.packets.map(({ bytes }) => bytes.length),
      [700],
    );
  });

  const broken: Readonly<Record<string, (pages: TestPage[]) => unknown>> = {
    'a wrong checksum': (pages) => change(pages, 3, { checksumError: 1 }),
    'an unknown version': (pages) => change(pages, 2, { version: 1 }),
    'unknown flags': (pages) => change(pages, 2, { flags: 8 }),
    'a page that is missing': (pages) => pages.splice(3, 1),
    'a page twice': (pages) => pages.splice(3, 0, ...pages.slice(3, 4)),
    'pages of another stream': (pages) => change(pages, 3, { serial: 8 }),
    'no beginning-of-stream flag': (pages) => change(pages, 0, { flags: 0 }),
    'a second beginning': (pages) => change(pages, 2, { flags: FIRST }),
    'no end-of-stream flag': (pages) => change(pages, pages.length - 1, { flags: 0 }),
    'an end in the middle': (pages) => change(pages, 3, { flags: LAST }),
    'a continuation of nothing': (pages) => change(pages, 3, { flags: CONTINUED }),
    'a granule position that is too late': (pages) => shift(pages, 2, 480n),
    'a granule position that is too early in the middle': (pages) => shift(pages, 3, -480n),
    'a granule position of a page where no packet ends': (pages) => change(pages, 2, { granule: -1n }),
    'a header page with a granule position': (pages) => change(pages, 1, { granule: 480n }),
    'a trim longer than the last page': (pages) => shift(pages, pages.length - 1, -480n * 21n),
    'a pre-skip longer than the audio': (pages) => change(pages, 0, { body: opusHead(60_000) }),
    'another first packet': (pages) => change(pages, 0, { body: Buffer.alloc(19) }),
    'another second packet': (pages) => change(pages, 1, { body: Buffer.alloc(20) }),
    'comments that are cut off': (pages) =>
      change(pages, 1, { body: Buffer.from('OpusTags\x04\0\0\0test\x01\0\0\0', 'latin1') }),
    'no tags': (pages) => {
      pages.splice(1, 1);
      for (const [sequence, page] of pages.entries()) page.sequence = sequence;
    },
    'no audio': (pages) => {
      pages.splice(2);
      change(pages, 1, { flags: LAST });
    },
    'a packet that is none': (pages) => {
      pages[2]?.body.fill(0xff, 0, 1);
      pages[2]?.body.fill(0x00, 1, 2);
    },
  };
  for (const [what, breakIt] of Object.entries(broken)) {
    it(`refuses ${what}`, () => {
      const pages = oggPages(packets);
      breakIt(pages);
      assert.throws(() => readOggOpus(writePages(pages)), OggError);
    });
  }

  it('refuses a stream that is cut off anywhere, or has bytes behind its end', () => {
    const bytes = writePages(oggPages(packets));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        assert.throws(() => readOggOpus(bytes.subarray(0, length)), OggError);
      }),
    );
    assert.throws(() => readOggOpus(Buffer.concat([bytes, Buffer.from('x')])), OggError);
  });

  it('refuses any single inverted bit', () => {
    const bytes = writePages(oggPages(packets.slice(0, 10)));
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const turned = Buffer.from(bytes);
        turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        assert.throws(() => readOggOpus(turned), OggError);
      }),
    );
  });
});

describe('opusPacketSamples', () => {
  const duration = (...bytes: number[]): number => opusPacketSamples(Uint8Array.from(bytes));

  it('knows the duration of every configuration and frame count', () => {
    assert.equal(duration((8 << 3) | 0, 1, 2), 480);
    assert.equal(duration((9 << 3) | 0, 1, 2), 960);
    assert.equal(duration((11 << 3) | 1, 1, 2), 2 * 2880);
    assert.equal(duration((13 << 3) | 2, 1, 9, 9, 9), 2 * 960);
    assert.equal(duration((16 << 3) | 3, 48, ...new Array<number>(48).fill(0)), 48 * 120);
    assert.equal(duration((8 << 3) | 3, 0x80 | 2, 1, 9, 9), 960, 'frames of their own lengths');
    assert.equal(duration((8 << 3) | 3, 0x40 | 1, 2, 9, 0, 0), 480, 'padding');
  });

  const invalid: Readonly<Record<string, number[]>> = {
    'no bytes': [],
    'an odd number of bytes for two equal frames': [1, 0, 0, 0],
    'a first frame that is longer than the packet': [2, 9, 0],
    'a frame count of zero': [3, 0, 0],
    'more than 120 ms': [(9 << 3) | 3, 7, ...new Array<number>(7).fill(0)],
    'frames that do not fill the packet': [3, 2, 0, 0, 0],
    'padding beyond the packet': [3, 0x41, 9, 0],
    'a frame above 1275 bytes': [0, ...new Array<number>(1276).fill(0)],
  };
  for (const [what, bytes] of Object.entries(invalid)) {
    it(`refuses ${what}`, () => {
      assert.throws(() => duration(...bytes), OpusPacketError);
    });
  }
});

function change(pages: TestPage[], index: number, fields: Partial<TestPage>): TestPage {
  const page = pages[index];
  assert.ok(page);
  return (pages[index] = { ...page, ...fields });
}

function shift(pages: TestPage[], index: number, by: bigint): TestPage {
  return change(pages, index, { granule: (pages[index]?.granule ?? 0n) + by });
}
