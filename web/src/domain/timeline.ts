/** What is drawn on the axis of a day, and where. Pure: fractions of a window, no pixels but as a resolution. */

/** A stretch of time, Unix milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where something lies in a window: fractions of its width, clipped to it. */
export interface Placed {
  readonly left: number;
  readonly width: number;
}

/** The shortest stretch that can be looked at, milliseconds. */
export const MIN_WINDOW_MS = 10_000;

/** Null where it is not in the window. */
export function place(span: Span, window: Span): Placed | null {
  const from = Math.max(span.from, window.from);
  const to = Math.min(span.to, window.to);
  if (from > to || span.to < window.from || span.from > window.to) return null;
  const length = window.to - window.from;
  return { left: (from - window.from) / length, width: (to - from) / length };
}

/**
 * Neighbours that could not be told apart at this resolution as one, in order of time: so that a day of ten thousand
 * sentences is drawn with a few hundred strokes.
 * @param resolutionMs gap below which two are one.
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

/** The window that shows all there is with some air around it; the whole day where there is nothing. */
export function fit(spans: readonly Span[], day: Span): Span {
  if (spans.length === 0) return day;
  // Not by `Math.min(...)`: a day may have more sentences than a call takes arguments.
  const from = spans.reduce((least, span) => Math.min(least, span.from), Number.POSITIVE_INFINITY);
  const to = spans.reduce((most, span) => Math.max(most, span.to), Number.NEGATIVE_INFINITY);
  const air = Math.max((to - from) * 0.04, 30_000);
  return within({ from: from - air, to: to + air }, day);
}

/** A window moved and cut so that it lies in the day. */
export function within(window: Span, day: Span): Span {
  const length = Math.min(Math.max(window.to - window.from, MIN_WINDOW_MS), day.to - day.from);
  const from = Math.min(Math.max(window.from, day.from), day.to - length);
  return { from, to: from + length };
}

/** Closer (factor below 1) or farther, around a moment that keeps its place. */
export function zoom(window: Span, factor: number, day: Span, around = (window.from + window.to) / 2): Span {
  const length = Math.min(Math.max((window.to - window.from) * factor, MIN_WINDOW_MS), day.to - day.from);
  const share = (around - window.from) / (window.to - window.from);
  return within({ from: around - share * length, to: around + (1 - share) * length }, day);
}

/** By a fraction of its own length: −1 is a window earlier. */
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

/** Round moments of the day, at most so many, counted from the day's midnight. */
export function ticks(window: Span, day: Span, most: number): Ticks {
  const stepMs = STEPS.find((step) => (window.to - window.from) / step <= Math.max(1, most)) ?? 24 * HOUR;
  const first = Math.ceil((window.from - day.from) / stepMs);
  const last = Math.floor((window.to - day.from) / stepMs);
  const at = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => day.from + (first + i) * stepMs);
  return { stepMs, at };
}
