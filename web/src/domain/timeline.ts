/** Computes what is drawn on the axis of a day, and where. Positions are fractions of a window; pixels occur only as a resolution. */

/** A period, Unix milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The position of a period in a window, as fractions of the window's width, cut off at its edges. */
export interface Placed {
  readonly left: number;
  readonly width: number;
}

/** The shortest window, milliseconds. */
export const MIN_WINDOW_MS = 10_000;

/** Null if it is outside the window. */
export function place(span: Span, window: Span): Placed | null {
  const from = Math.max(span.from, window.from);
  const to = Math.min(span.to, window.to);
  if (from > to || span.to < window.from || span.from > window.to) return null;
  const length = window.to - window.from;
  return { left: (from - window.from) / length, width: (to - from) / length };
}

/**
 * Joins neighbours that could not be told apart at this resolution, in order of time. So a day of ten thousand sentences is drawn with a
 * few hundred strokes.
 * @param resolutionMs Neighbours with a shorter gap are joined, milliseconds.
 */
export function merge(spans: readonly Span[], resolutionMs: number): Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && span.from - last.to < resolutionMs) {
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    } else {
      merged.push(span);
    }
  }
  return merged;
}

/** The window that shows all spans with some space around them; the whole day if there are none. */
export function fit(spans: readonly Span[], day: Span): Span {
  if (spans.length === 0) return day;
  // `Math.min(...)` would fail: a day may have more sentences than a call can have arguments.
  const from = spans.reduce((least, span) => Math.min(least, span.from), Number.POSITIVE_INFINITY);
  const to = spans.reduce((most, span) => Math.max(most, span.to), Number.NEGATIVE_INFINITY);
  const air = Math.max((to - from) * 0.04, 30_000);
  return within({ from: from - air, to: to + air }, day);
}

/** A window, moved and shortened so that it lies within the day. */
export function within(window: Span, day: Span): Span {
  const length = Math.min(Math.max(window.to - window.from, MIN_WINDOW_MS), day.to - day.from);
  const from = Math.min(Math.max(window.from, day.from), day.to - length);
  return { from, to: from + length };
}

/** Zooms in (factor below 1) or out. The moment `around` keeps its position. */
export function zoom(window: Span, factor: number, day: Span, around = (window.from + window.to) / 2): Span {
  const length = Math.min(Math.max((window.to - window.from) * factor, MIN_WINDOW_MS), day.to - day.from);
  const share = (around - window.from) / (window.to - window.from);
  return within({ from: around - share * length, to: around + (1 - share) * length }, day);
}

/** Moves the window by a fraction of its length: −1 is one window earlier. */
export function pan(window: Span, fraction: number, day: Span): Span {
  const by = (window.to - window.from) * fraction;
  return within({ from: window.from + by, to: window.to + by }, day);
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [1, 2, 5, 10, 15, 30]
  .flatMap((step) => [step * SECOND, step * MINUTE])
  .concat([1, 2, 3, 4, 6, 12].map((step) => step * HOUR))
  .sort((a, b) => a - b);

export interface Ticks {
  readonly stepMs: number;
  readonly at: readonly number[];
}

/** At most so many round times within the window, counted from the day's midnight. */
export function ticks(window: Span, day: Span, most: number): Ticks {
  const stepMs = STEPS.find((step) => (window.to - window.from) / step <= Math.max(1, most)) ?? 24 * HOUR;
  const first = Math.ceil((window.from - day.from) / stepMs);
  const last = Math.floor((window.to - day.from) / stepMs);
  const at = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => day.from + (first + i) * stepMs);
  return { stepMs, at };
}
