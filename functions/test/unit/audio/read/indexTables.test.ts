/** The repair of the index of an MP4 file on boxes of any content: it never reads beyond them. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
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
          each.mendRuns(() => 0);
          if (!each.isInRow(0)) each.placeInRow(0);
        }
      }),
      { numRuns: 2000 },
    );
    assert.ok(repaired > 50, `${repaired} of 2000 had tables`);
  });
});
