import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OpusDecoder } from 'opus-decoder';
import { opusPacketSamples48k } from '../../../../src/audio/read/opusPacket.ts';
import { audioPacketsOf } from '../../../../../dev/deepgram/oggPages.ts';
import { encodeOpus } from './tools.ts';

/** Table 2 of RFC 6716, written out: milliseconds by configuration. */
const CONFIGURATION_MS = [
  10, 20, 40, 60, 10, 20, 40, 60, 10, 20, 40, 60, 10, 20, 10, 20, 2.5, 5, 10, 20, 2.5, 5, 10, 20, 2.5, 5, 10, 20, 2.5,
  5, 10, 20,
];
const CELT_10_MS = 22 << 3;
const SILK_60_MS = 3 << 3;

const packet = (head: readonly number[], rest = 0): Uint8Array => Uint8Array.from([...head, ...new Uint8Array(rest)]);

describe('opusPacketSamples48k', () => {
  it('knows the duration of all 32 configurations, whatever the stereo bit', () => {
    for (const [config, ms] of CONFIGURATION_MS.entries()) {
      for (const stereo of [0, 4]) assert.equal(opusPacketSamples48k(packet([(config << 3) | stereo], 20)), ms * 48);
    }
  });

  const cases: [string, Uint8Array, number | null][] = [
    ['R1: an empty packet is none', packet([]), null],
    ['R2: one frame of 1275 bytes', packet([CELT_10_MS], 1275), 480],
    ['R2: one frame of 1276 bytes is none', packet([CELT_10_MS], 1276), null],
    ['a packet of its TOC alone (DTX)', packet([CELT_10_MS]), 480],
    ['R3: two equal frames', packet([CELT_10_MS | 1], 40), 960],
    ['R3: two equal frames cannot have an odd size', packet([CELT_10_MS | 1], 41), null],
    ['R2: two equal frames of 1276 bytes are none', packet([CELT_10_MS | 1], 2552), null],
    ['R5: two frames of 60 ms are 120 ms, the most', packet([SILK_60_MS | 1], 0), 5760],
    ['R4: two frames, the first of 10 bytes, the second of none', packet([CELT_10_MS | 2, 10], 10), 960],
    ['R4: a first frame larger than the packet', packet([CELT_10_MS | 2, 11], 10), null],
    ['R4: no size of the first frame', packet([CELT_10_MS | 2]), null],
    ['R4: half a size of the first frame', packet([CELT_10_MS | 2, 252]), null],
    ['R4: a first frame of 252 + 4 × 1 bytes', packet([CELT_10_MS | 2, 252, 1], 256), 960],
    ['R2: a last frame of 1276 bytes is none', packet([CELT_10_MS | 2, 0], 1276), null],
    ['R5: no frames', packet([CELT_10_MS | 3, 0], 0), null],
    ['R5: 12 frames of 10 ms', packet([CELT_10_MS | 3, 12], 24), 5760],
    ['R5: 13 frames of 10 ms', packet([CELT_10_MS | 3, 13], 26), null],
    ['R6: no count', packet([CELT_10_MS | 3]), null],
    ['R6: frames of equal size do not share the bytes evenly', packet([CELT_10_MS | 3, 3], 10), null],
    ['R6: padding is left out of the share', packet([CELT_10_MS | 3, 0x40 | 3, 1], 10), 1440],
    ['R6: padding of 255 counts 254 and goes on', packet([CELT_10_MS | 3, 0x40 | 3, 255, 1], 255 + 9), 1440],
    ['R6: more padding than bytes', packet([CELT_10_MS | 3, 0x40 | 1, 11], 10), null],
    ['R6: padding without an end', packet([CELT_10_MS | 3, 0x40 | 1, 255], 0), null],
    ['R7: three frames of 1, 2 and what is left', packet([CELT_10_MS | 3, 0x80 | 3, 1, 2], 10), 1440],
    ['R7: sizes larger than the packet', packet([CELT_10_MS | 3, 0x80 | 3, 6, 5], 10), null],
    ['R7: sizes that are not there', packet([CELT_10_MS | 3, 0x80 | 3, 0], 0), null],
  ];
  for (const [name, bytes, expected] of cases) {
    it(name, () => {
      assert.equal(opusPacketSamples48k(bytes), expected);
    });
  }
});

describe('opusPacketSamples48k beside libopus', () => {
  // One channel, as the product decodes: with two, hostile packets make this build of libopus write outside its memory.
  const decoder = new OpusDecoder({ channels: 1 });
  /** Larger packets do not fit the input buffer of opus-decoder. */
  const maxBytes = 3800;
  const consoleError = console.error;

  before(async () => {
    await decoder.ready;
    console.error = () => undefined; // opus-decoder writes every refusal there
  });
  after(() => {
    console.error = consoleError;
    decoder.free();
  });

  function assertAgrees(bytes: Uint8Array): void {
    const { samplesDecoded, errors } = decoder.decodeFrame(bytes);
    const expected = errors.length > 0 ? null : samplesDecoded;
    assert.equal(opusPacketSamples48k(bytes), expected, `TOC and first bytes: ${String(bytes.subarray(0, 8))}`);
  }

  it('agrees on real packets of every frame duration', () => {
    for (const frameMs of [2.5, 5, 10, 20, 40, 60, 80, 120]) {
      const packets = audioPacketsOf(encodeOpus({ seconds: 1, frameMs, channels: 2 }));
      assert.ok(packets.length >= 1000 / frameMs);
      for (const bytes of packets) {
        assert.equal(opusPacketSamples48k(bytes), frameMs * 48);
        assertAgrees(bytes);
      }
    }
  });

  it('agrees on real packets with bytes changed, cut off and added', () => {
    const packets = [10, 60, 120].flatMap((frameMs) => audioPacketsOf(encodeOpus({ seconds: 1, frameMs })));
    const mutation = fc.record({
      index: fc.nat(packets.length - 1),
      changes: fc.array(fc.tuple(fc.nat(4), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      length: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 600 })),
    });
    fc.assert(
      fc.property(mutation, ({ index, changes, length }) => {
        const bytes = new Uint8Array(length);
        bytes.set(packets[index]!.subarray(0, length));
        for (const [at, value] of changes) if (at < length) bytes[at] = value;
        assertAgrees(bytes);
      }),
      { seed: 2, numRuns: 3000 },
    );
  });

  it('agrees on random bytes, most of which are packets of many frames', () => {
    const toc = fc.oneof(
      fc.nat(255),
      fc.nat(31).map((config) => (config << 3) | 3),
    );
    const size = fc.oneof(fc.nat(6), fc.nat(60), fc.integer({ min: 1270, max: 1285 }), fc.nat(maxBytes));
    const filling = fc.constantFrom(0, 1, 12, 251, 252, 253, 255);
    const bytes = fc
      .tuple(toc, fc.array(fc.oneof(fc.nat(255), filling), { maxLength: 10 }), size, filling)
      .map(([first, head, rest, fill]) => Uint8Array.from([first, ...head, ...new Uint8Array(rest).fill(fill)]));
    fc.assert(fc.property(bytes, assertAgrees), { seed: 3, numRuns: 4000 });
  });
});
