import assert from 'node:assert/strict';
import type { Transaction } from 'firebase-admin/firestore';
import type { DeviceAxis } from '../../../src/conversations/axis.ts';
import type { TimedSegment } from '../../../src/conversations/conversation.ts';
import { partsBySegment, separatePages } from '../../../src/conversations/storedPages.ts';
import type { StoredPage } from '../../../src/conversations/storedPages.ts';

const segment = (startMs: number) => ({ startMs, endMs: startMs + 1, text: String(startMs) }) as TimedSegment;
const page = (...segments: TimedSegment[]) => ({ ref: { id: 'page' }, source: {}, segments }) as unknown as StoredPage;

/** The number of deleted pages, and the segments of the pages that replace them. */
function separated(pages: readonly StoredPage[], parts: readonly { readonly items: readonly TimedSegment[] }[]) {
  let deleted = 0;
  let looks = 0;
  const written: (readonly TimedSegment[])[] = [];
  const partOf = new Map(partsBySegment(parts));
  const counting = new Proxy(partOf, {
    get: (target, key) => {
      if (key === 'get') looks++;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const tx = { delete: () => deleted++ } as unknown as Transaction;
  const axis = {
    writeSegments: (_tx: unknown, _source: unknown, segments: readonly TimedSegment[]) => written.push(segments),
  } as unknown as DeviceAxis;
  separatePages(tx, axis, pages, counting);
  return { deleted, written, looks };
}

describe('pages of segments that are divided anew', () => {
  it('become one page for each conversation that they have segments of, and do not change if that is one', () => {
    const [a, b, c, d] = [segment(0), segment(10), segment(20), segment(30)];
    const { deleted, written } = separated(
      [page(a, b, c), page(d)],
      [{ items: [a, c] }, { items: [b] }, { items: [d] }],
    );
    assert.equal(deleted, 1);
    assert.deepEqual(written, [[a, c], [b]]);
  });

  it('are looked through once, however many conversations there are', () => {
    const segments = Array.from({ length: 4000 }, (_, i) => segment(i));
    const pages = segments.map((each) => page(each));
    const { deleted, looks } = separated(
      pages,
      segments.map((each) => ({ items: [each] })),
    );
    assert.deepEqual([deleted, looks], [0, segments.length]);
  });
});
