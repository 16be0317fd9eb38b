/** The repair of the headers of a CAF file on chunks of any content: it never fails. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { mendCaf } from '../../../../src/audio/read/containers/cafHeaders.ts';
import { mendCafHoles } from '../../../../src/audio/read/containers/cafHoles.ts';

const FILE_HEAD = Buffer.from('caff\0\x01\0\0', 'latin1');

/** A chunk whose size may be wrong, also unknown, which is -1. */
const chunk = (name: string, content: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(content, fc.oneof({ arbitrary: fc.constant(0n), weight: 4 }, fc.bigInt({ min: -1000n, max: 1000n })))
    .map(([bytes, error]) => {
      const head = Buffer.from(`${name}\0\0\0\0\0\0\0\0`, 'latin1');
      head.writeBigInt64BE(error === -1n ? -1n : BigInt(bytes.length) + error, 4);
      return Buffer.concat([head, bytes]);
    });

const anything = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));

/** A number of 32 bits, often small. */
const number = fc.oneof(fc.nat(10_000), fc.nat(0xffff_ffff));

const description = fc
  .tuple(fc.constantFrom('alac', '.mp3', 'lpcm'), number, number, fc.uint8Array({ minLength: 8, maxLength: 8 }))
  .map(([coding, packetBytes, packetSamples, rate]) => {
    const bytes = Buffer.alloc(32);
    bytes.set(rate);
    bytes.write(coding, 8, 'latin1');
    bytes.writeUInt32BE(packetBytes, 16);
    bytes.writeUInt32BE(packetSamples, 20);
    return bytes;
  });

/** Sizes of packets behind their number. */
const ofSizes = fc.array(fc.nat(127), { maxLength: 40 }).map((sizes) => {
  const head = Buffer.alloc(24);
  head.writeBigUInt64BE(BigInt(sizes.length));
  return Buffer.concat([head, Buffer.from(sizes)]);
});

const table = fc
  .tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), anything)
  .map(([packets, samples, rest]) => {
    const head = Buffer.alloc(16);
    head.writeBigUInt64BE(packets);
    head.writeBigUInt64BE(samples, 8);
    return Buffer.concat([head, rest]);
  });

/** The first frame of MP3 behind the number of edits, or anything. */
const sound = anything.map((rest) => Buffer.concat([Buffer.from([0, 0, 0, 0, 0xff, 0xfb, 0x90, 0x64]), rest]));

const caf = fc
  .tuple(
    chunk('desc', fc.oneof(description, anything)),
    chunk('kuki', anything),
    chunk('pakt', fc.oneof(table, ofSizes, anything)),
    chunk('data', fc.oneof(sound, anything)),
  )
  .chain((chunks) => fc.shuffledSubarray(chunks, { minLength: chunks.length - 1 }))
  .map((chunks) => Buffer.concat([FILE_HEAD, ...chunks]));

describe('The headers of a CAF file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'caf-headers-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('are repaired without an error, whatever is in them, and stay as long', async () => {
    const path = join(folder, 'recording');
    await fc.assert(
      fc.asyncProperty(caf, async (bytes) => {
        writeFileSync(path, bytes);
        await mendCaf(path);
        assert.equal(statSync(path).size, bytes.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('may say that bytes are missing or too many, and lead to no error and to no more than twice the bytes', async () => {
    const path = join(folder, 'recording');
    await fc.assert(
      fc.asyncProperty(caf, async (bytes) => {
        writeFileSync(path, bytes);
        await mendCafHoles(path);
        await mendCaf(path);
        assert.ok(statSync(path).size <= 2 * bytes.length);
      }),
      { numRuns: 1000 },
    );
  });
});
