import assert from 'node:assert/strict';
import fc from 'fast-check';
import { assign } from '../../../src/conversations/assignment.ts';
import type { ExistingConversation } from '../../../src/conversations/assignment.ts';
import type { Interval } from '../../../src/conversations/interval.ts';

const GAP = 120_000;
const at = (startSeconds: number, endSeconds: number): Interval => ({
  startMs: startSeconds * 1000,
  endMs: endSeconds * 1000,
});
const existing = (id: string, startSeconds: number, endSeconds: number): ExistingConversation => ({
  id,
  ...at(startSeconds, endSeconds),
});

/** The reference: speech in order of time, with a new conversation after each pause of at least `GAP`. */
function components(speech: readonly Interval[]): Interval[] {
  const out: { startMs: number; endMs: number }[] = [];
  for (const { startMs, endMs } of [...speech].sort((a, b) => a.startMs - b.startMs)) {
    const last = out.at(-1);
    if (last !== undefined && startMs - last.endMs < GAP) last.endMs = Math.max(last.endMs, endMs);
    else out.push({ startMs, endMs });
  }
  return out;
}

/** A store in memory that applies assignments batch by batch, as the real one does. */
function replay(batches: readonly (readonly Interval[])[]): ExistingConversation[] {
  let live: ExistingConversation[] = [];
  let next = 0;
  for (const batch of batches) {
    for (const { survivor, absorbed, startMs, endMs } of assign(live, batch, GAP)) {
      const id = survivor ?? `c${String(next++)}`;
      live = [...live.filter((c) => c.id !== id && !absorbed.includes(c.id)), { id, startMs, endMs }];
    }
  }
  return live;
}

describe('assignment of speech to conversations', () => {
  it('begins a conversation if there is none', () => {
    assert.deepEqual(assign([], [at(0, 5)], GAP), [
      { survivor: null, absorbed: [], startMs: 0, endMs: 5000, incoming: [at(0, 5)] },
    ]);
  });

  it('joins speech that is nearer than the gap, and separates speech that is a gap away', () => {
    assert.equal(assign([existing('a', 0, 10)], [at(129.999, 140)], GAP)[0]!.survivor, 'a');
    assert.equal(assign([existing('a', 0, 10)], [at(130, 140)], GAP)[0]!.survivor, null);
  });

  it('merges conversations that late speech connects into the earliest one', () => {
    const [merged] = assign([existing('b', 0, 10), existing('a', 200, 210)], [at(100, 110)], GAP);
    assert.deepEqual(merged, { survivor: 'b', absorbed: ['a'], startMs: 0, endMs: 210_000, incoming: [at(100, 110)] });
  });

  it('keeps the smaller id if two conversations start at the same time', () => {
    const [merged] = assign([existing('b', 0, 10), existing('a', 0, 20)], [at(5, 6)], GAP);
    assert.equal(merged!.survivor, 'a');
    assert.deepEqual(merged!.absorbed, ['b']);
  });

  it('does not change conversations without new speech', () => {
    assert.deepEqual(assign([existing('a', 0, 10), existing('b', 1000, 1010)], [at(2000, 2001)], GAP).length, 1);
  });

  it('finds the connected components of all speech, in whatever order and batches it comes', () => {
    const interval = fc
      .record({ start: fc.integer({ min: 0, max: 3000 }), length: fc.integer({ min: 0, max: 100 }) })
      .map(({ start, length }) => at(start, start + length));
    fc.assert(
      fc.property(
        fc.array(fc.array(interval, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }),
        (batches) => {
          const live = replay(batches)
            .map(({ startMs, endMs }) => ({ startMs, endMs }))
            .sort((a, b) => a.startMs - b.startMs);
          assert.deepEqual(live, components(batches.flat()));
        },
      ),
      { numRuns: 2000 },
    );
  });
});
