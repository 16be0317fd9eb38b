/** The repair of the index of an MP4 file on boxes of any content: it never reads beyond them. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { mendFile } from '../../../../src/audio/read/containers/decodeContainer.ts';
import { mendIndexBoxes } from '../../../../src/audio/read/containers/indexBoxes.ts';
import { IndexTables } from '../../../../src/audio/read/containers/indexTables.ts';
import { SamplePlaces } from '../../../../src/audio/read/containers/samplePlaces.ts';

function box(type: string, content: Uint8Array): Buffer {
  const head = Buffer.from(`\0\0\0\0${type}`, 'latin1');
  head.writeUInt32BE(head.length + content.length);
  return Buffer.concat([head, content]);
}

/** Boxes without which there are no tables: they are as long as in a usual file. */
const LONG = ['mvhd', 'mdhd', 'stsd'];

/** A box with any content, often with none. */
const leaf = (type: string): fc.Arbitrary<Buffer> => {
  const long = fc.uint8Array({ minLength: 42, maxLength: 120 });
  const content = LONG.includes(type) ? long : fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array(), long);
  return content.map((bytes) => box(type, bytes));
};

/** A box of boxes, in any order; any of them may be missing. */
const row = (type: string, boxes: readonly fc.Arbitrary<Buffer>[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(...boxes)
    .chain((all) => fc.shuffledSubarray(all, { minLength: Math.max(0, all.length - 1) }))
    .map((all) => box(type, Buffer.concat(all)));

const samples = row('stbl', ['stsd', 'stts', 'stsc', 'stsz', 'stco'].map(leaf));
const media = row('mdia', [leaf('mdhd'), leaf('hdlr'), row('minf', [leaf('smhd'), samples])]);
const track = row('trak', [leaf('tkhd'), media, row('edts', [leaf('elst')])]);
const index = row('moov', [leaf('mvhd'), track]);

/** A table whose numbers may be right: its count is that of its entries, and most of its numbers are small. */
function tableOf(type: string, head: readonly number[], fields: number): fc.Arbitrary<Buffer> {
  const number = fc.oneof(
    { arbitrary: fc.nat(3), weight: 3 },
    { arbitrary: fc.nat(300), weight: 3 },
    fc.nat(0xffff_ffff),
  );
  const entries = fc.array(fc.tuple(...Array.from({ length: fields }, () => number)), { minLength: 1, maxLength: 12 });
  return entries.map((rows) => {
    const numbers = [...head, rows.length, ...rows.flat()];
    const content = Buffer.alloc(4 * numbers.length);
    for (const [i, each] of numbers.entries()) content.writeUInt32BE(each, 4 * i);
    return box(type, content);
  });
}

const soundSamples = row('stbl', [
  leaf('stsd'),
  tableOf('stts', [0], 2),
  tableOf('stsc', [0], 3),
  tableOf('stsz', [0, 0], 1),
  tableOf('stco', [0], 1),
]);
const sound = row('trak', [
  leaf('tkhd'),
  row('mdia', [
    leaf('mdhd'),
    fc.constant(box('hdlr', Buffer.from(`${'\0'.repeat(8)}soun${'\0'.repeat(13)}`, 'latin1'))),
    row('minf', [leaf('smhd'), soundSamples]),
  ]),
]);
const recording = fc
  .tuple(leaf('mvhd'), fc.array(sound, { minLength: 1, maxLength: 3 }), fc.uint8Array({ maxLength: 2000 }))
  .map(([head, tracks, data]) =>
    Buffer.concat([
      box('ftyp', Buffer.from('M4A \0\0\0\0', 'latin1')),
      box('moov', Buffer.concat([head, ...tracks])),
      box('mdat', data),
    ]),
  );

describe('The index of an MP4 file', () => {
  it('is repaired without an error, whatever is in its boxes', () => {
    let repaired = 0;
    fc.assert(
      fc.property(index, (bytes) => {
        const boxes = mendIndexBoxes(bytes);
        for (const tables of IndexTables.all(bytes, boxes)) {
          if (tables === null) continue;
          repaired++;
          tables.mendUnit();
          tables.mendTimes();
          const { seconds } = tables;
          assert.ok(seconds === null || seconds > 0);
        }
        const places = boxes.tracks.map((each) => new SamplePlaces(bytes, each)).filter((each) => each.isStated);
        for (const each of places) {
          each.mendRuns(() => 0, 1000);
          if (!each.isInRow(0)) each.placeInRow(0);
        }
      }),
      { numRuns: 2000 },
    );
    assert.ok(repaired > 50, `${repaired} of 2000 had tables`);
  });

  it('is repaired with a limited number of tries, whatever its tables state', () => {
    const numbers = (...all: readonly number[]): Buffer => {
      const bytes = Buffer.alloc(4 * all.length);
      for (const [i, each] of all.entries()) bytes.writeUInt32BE(each, 4 * i);
      return bytes;
    };
    // Each of 100 chunks may be the one with a sample too many.
    const chunks = Array.from({ length: 100 }, (_, i) => i + 1);
    const stated = [
      box('stsd', numbers(0, 1)),
      box('stsc', numbers(0, chunks.length, ...chunks.flatMap((first) => [first, 2, 1]))),
      box('stsz', numbers(0, 0, 199, ...Array<number>(199).fill(1))),
      box('stco', numbers(0, chunks.length, ...chunks)),
    ];
    const stbl = box('stbl', Buffer.concat(stated));
    const bytes = box('moov', box('trak', box('mdia', box('minf', stbl))));
    const [boxes] = mendIndexBoxes(bytes).tracks;
    assert.ok(boxes);
    for (const maxTries of [0, 7, 1000]) {
      let tries = 0;
      new SamplePlaces(Buffer.from(bytes), boxes).mendRuns(() => ++tries, maxTries);
      assert.equal(tries, Math.min(maxTries, chunks.length));
    }
  });

  it('is repaired in a file without an error, whatever its tables state', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'index-'));
    const path = join(folder, 'recording');
    try {
      let repaired = 0;
      await fc.assert(
        fc.asyncProperty(recording, async (bytes) => {
          writeFileSync(path, bytes);
          if (await mendFile(path, 'm4a')) repaired++;
        }),
        { numRuns: 1000 },
      );
      assert.ok(repaired > 50, `${repaired} of 1000 were repaired`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
