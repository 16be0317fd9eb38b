/** What is true of the frame reader for any bytes. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FramedFormat } from '../../../../src/audio/read/format.ts';
import { frame, noise, OPUS, opusPackets, PCM16, quietPcm16, readAll } from './framing.ts';

describe('FrameReader on anything', () => {
  const content = (format: FramedFormat, count: number): Buffer[] =>
    format.codec === 'opus' ? opusPackets(count) : Array.from({ length: count }, (_, i) => quietPcm16(160, i));

  /** Recordings with random damage, and inputs that are hardly recordings at all. */
  const damagedRecording = (format: FramedFormat): fc.Arbitrary<Buffer> =>
    fc
      .record({
        count: fc.integer({ min: 1, max: 60 }),
        writes: fc.array(
          fc.tuple(fc.nat(9999), fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.constant(Buffer.alloc(600)))),
          {
            maxLength: 6,
          },
        ),
        cutTo: fc.double({ min: 0.5, max: 1, noNaN: true }),
      })
      .map(({ count, writes, cutTo }) => {
        const bytes = Buffer.concat(content(format, count).map((p) => frame(p)));
        for (const [at, damage] of writes)
          bytes.set(damage.subarray(0, bytes.length - (at % bytes.length)), at % bytes.length);
        return bytes.subarray(0, Math.ceil(bytes.length * cutTo));
      });
  const rubbish = fc
    .array(fc.constantFrom(0, 0, 0, 0, 1, 2, 5, 0xb0, 0xb3, 0xff), { maxLength: 400 })
    .map((bytes) => Buffer.from(bytes));
  const input = fc
    .constantFrom(OPUS, PCM16)
    .chain((format) => fc.tuple(fc.constant(format), fc.oneof(damagedRecording(format), rubbish)));
  const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 6 });

  it('gives the same events however the bytes are divided', () => {
    fc.assert(
      fc.property(input, sizes, ([format, bytes], cuts) => {
        const expected = readAll(bytes, format);
        assert.deepEqual(readAll(bytes, format, cuts), expected);
        assert.deepEqual(readAll(bytes, format, [1]), expected);
      }),
      { seed: 4, numRuns: 400 },
    );
  });

  it('gives the same events however a long stretch of garbage is divided', () => {
    const packets = opusPackets(12).map((p) => frame(p));
    const bytes = Buffer.concat([...packets.slice(0, 4), noise(200_000, 5), ...packets.slice(4)]);
    const expected = readAll(bytes, OPUS);
    for (const size of [1, 1000, 65_536, 70_000]) assert.deepEqual(readAll(bytes, OPUS, [size]), expected);
    assert.equal(expected.filter(({ kind }) => kind === 'frame').length, 12);
  });

  it('accounts for every byte exactly once, in order', () => {
    fc.assert(
      fc.property(input, ([format, bytes]) => {
        let offset = 0;
        for (const event of readAll(bytes, format)) {
          assert.equal(event.offset, offset);
          offset += event.kind === 'frame' ? 4 + event.payload.length : event.bytes;
          assert.ok(event.kind !== 'corrupt' || event.lostFrames >= 1);
        }
        assert.equal(offset, bytes.length);
      }),
      { seed: 5, numRuns: 1000 },
    );
  });

  it('keeps all frames but those next to a single damaged byte', () => {
    fc.assert(
      fc.property(fc.constantFrom(OPUS, PCM16), fc.nat(), fc.nat(255), (format, where, value) => {
        const payloads = content(format, 40);
        const bytes = Buffer.concat(payloads.map((p) => frame(p)));
        bytes[where % bytes.length] = value;
        const kept = new Set(
          readAll(bytes, format).map((e) => (e.kind === 'frame' ? Buffer.from(e.payload).toString('hex') : '')),
        );
        const missing = payloads.filter((p) => !kept.has(p.toString('hex')));
        assert.ok(missing.length <= 1, `${missing.length} frames missing`);
      }),
      { seed: 6, numRuns: 1000 },
    );
  });
});
