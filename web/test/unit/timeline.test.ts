import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fit, merge, MIN_WINDOW_MS, pan, place, ticks, within, zoom, type Span } from '../../src/domain/timeline.ts';

const DAY: Span = { from: 1_760_000_000_000, to: 1_760_000_000_000 + 24 * 3_600_000 };
const moment = fc.integer({ min: DAY.from, max: DAY.to });
const span = fc.tuple(moment, moment).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
const wide = span.filter(({ from, to }) => to - from >= MIN_WINDOW_MS);

describe('The time axis of a day', () => {
  it('places spans as fractions of the window, and cuts them off at its edges', () => {
    assert.deepEqual(place({ from: 25, to: 50 }, { from: 0, to: 100 }), { left: 0.25, width: 0.25 });
    assert.deepEqual(place({ from: -50, to: 10 }, { from: 0, to: 100 }), { left: 0, width: 0.1 });
    assert.equal(place({ from: 101, to: 200 }, { from: 0, to: 100 }), null);
    assert.equal(place({ from: -20, to: -1 }, { from: 0, to: 100 }), null);
  });

  it('never draws outside its window', () => {
    fc.assert(
      fc.property(span, wide, (what, window) => {
        const placed = place(what, window);
        if (placed === null) return;
        assert(placed.left >= 0 && placed.width >= 0 && placed.left + placed.width <= 1 + 1e-9);
      }),
    );
  });

  it('joins only spans that could not be told apart, and covers all of them', () => {
    assert.deepEqual(
      merge(
        [
          { from: 50, to: 60 },
          { from: 0, to: 10 },
          { from: 14, to: 20 },
          { from: 15, to: 16 },
        ],
        5,
      ),
      [
        { from: 0, to: 20 },
        { from: 50, to: 60 },
      ],
    );
    fc.assert(
      fc.property(fc.array(span), fc.integer({ min: 1, max: 3_600_000 }), (spans, resolution) => {
        const merged = merge(spans, resolution);
        for (const { from, to } of spans) assert(merged.some((stroke) => stroke.from <= from && stroke.to >= to));
        for (const [index, stroke] of merged.entries()) {
          const before = merged[index - 1];
          if (before !== undefined) assert(stroke.from - before.to >= resolution);
        }
      }),
    );
  });

  it('fits the window to all spans, and shows the whole day if there are none', () => {
    assert.deepEqual(fit([], DAY), DAY);
    fc.assert(
      fc.property(fc.array(span, { minLength: 1 }), (spans) => {
        const window = fit(spans, DAY);
        assert(window.from >= DAY.from && window.to <= DAY.to);
        for (const { from, to } of spans) assert(window.from <= from && window.to >= to);
      }),
    );
  });

  it('stays within the day and above the shortest window, however it is moved and zoomed', () => {
    const moves = fc.array(fc.tuple(fc.constantFrom('pan', 'zoom'), fc.double({ min: 0.1, max: 4, noNaN: true })));
    fc.assert(
      fc.property(wide, moves, (start, steps) => {
        let window = within(start, DAY);
        for (const [kind, by] of steps) window = kind === 'pan' ? pan(window, by - 2, DAY) : zoom(window, by, DAY);
        assert(window.from >= DAY.from - 1 && window.to <= DAY.to + 1);
        assert(window.to - window.from >= MIN_WINDOW_MS - 1);
      }),
    );
  });

  it('keeps the position of the moment that is zoomed in on', () => {
    const window = zoom({ from: DAY.from, to: DAY.from + 100_000 }, 0.5, DAY, DAY.from + 75_000);
    assert.deepEqual(window, { from: DAY.from + 37_500, to: DAY.from + 87_500 });
  });

  it('labels only round times, as many as fit', () => {
    const { stepMs, at } = ticks({ from: DAY.from + 61_000, to: DAY.from + 361_000 }, DAY, 6);
    assert.equal(stepMs, 60_000);
    assert.deepEqual(
      at.map((ms) => (ms - DAY.from) / 60_000),
      [2, 3, 4, 5, 6],
    );
    fc.assert(
      fc.property(wide, fc.integer({ min: 1, max: 30 }), (window, most) => {
        const { stepMs: step, at: moments } = ticks(window, DAY, most);
        assert(moments.length <= most + 1);
        for (const ms of moments) assert.equal((ms - DAY.from) % step, 0);
      }),
    );
  });
});
