/** The map between the time of a chunk (what the transcriber hears) and absolute time (when it was said). */

/**
 * Consecutive frames of one recording that lie together in a chunk. The spans of a chunk, in order, are its time map; as
 * many samples are behind `durationMs` as the frames have, so that all times are exact to one sample (1/16 ms).
 */
export interface Span {
  readonly fileName: string;
  /** Ordinal of its first frame in the recording, lost frames counted. */
  readonly firstFrame: number;
  /** Ordinal after its last frame. */
  readonly endFrame: number;
  /** Milliseconds from the start of the chunk. */
  readonly chunkStartMs: number;
  /** Unix milliseconds. */
  readonly startMs: number;
  readonly durationMs: number;
}

/** At a border between two spans a start is the later span's, an end the earlier one's. */
type Edge = 'start' | 'end';

export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Longest time that may be missing inside a word, ms: a lost frame or two, or a pause between two recordings. Where more is
 * missing, silence was cut out, and no word goes on behind it.
 */
const MAX_HOLE_MS = 250;

/**
 * Absolute interval of a word, and the recording that it begins in. Each end is placed by its own span, as when the
 * word runs over the border of two recordings. But a transcriber's times are not exact: a word that reaches a little
 * over a cut belongs to the side where most of it lies, and ends at the cut; placed by both its ends it would last as
 * long as the silence that was cut out. Before the start of the chunk and after its end, the nearest moment inside counts.
 */
export function placeInterval(spans: readonly Span[], word: Interval): Interval & Pick<Span, 'fileName'> {
  const first = spanIndex(spans, word.startMs, 'start');
  const last = Math.max(first, spanIndex(spans, word.endMs, 'end'));
  const side = largestSide(spans, first, last, word);
  const start = spanAt(spans, side.first);
  const startMs = inSpan(start, word.startMs);
  return { fileName: start.fileName, startMs, endMs: Math.max(startMs, inSpan(spanAt(spans, side.last), word.endMs)) };
}

interface Side {
  readonly first: number;
  readonly last: number;
}

/** Of the spans `first` to `last`, divided where silence was cut out, those that hold most of the word. */
function largestSide(spans: readonly Span[], first: number, last: number, word: Interval): Side {
  let best: Side = { first, last };
  let bestMs = -Infinity;
  let from = first;
  for (let i = first; i <= last; i++) {
    if (i < last && !isCut(spanAt(spans, i), spanAt(spans, i + 1))) continue;
    const end = spanAt(spans, i);
    const ms =
      Math.min(word.endMs, end.chunkStartMs + end.durationMs) -
      Math.max(word.startMs, spanAt(spans, from).chunkStartMs);
    if (ms > bestMs) [best, bestMs] = [{ first: from, last: i }, ms];
    from = i + 1;
  }
  return best;
}

/** Moments of the chunk at which silence was cut out, milliseconds: other borders of spans, of recordings too, may lie in a word. */
export function cutsOf(spans: readonly Span[]): number[] {
  return spans.flatMap((span, i) => (i > 0 && isCut(spanAt(spans, i - 1), span) ? [span.chunkStartMs] : []));
}

function isCut(before: Span, after: Span): boolean {
  return after.startMs - (before.startMs + before.durationMs) > MAX_HOLE_MS;
}

/** Index of the span that holds a moment of the chunk, by binary search. */
function spanIndex(spans: readonly Span[], chunkMs: number, edge: Edge): number {
  let low = 0;
  let high = spans.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const { chunkStartMs } = spanAt(spans, middle);
    if (edge === 'start' ? chunkStartMs <= chunkMs : chunkStartMs < chunkMs) low = middle;
    else high = middle - 1;
  }
  return low;
}

function inSpan(span: Span, chunkMs: number): number {
  return span.startMs + Math.min(Math.max(chunkMs - span.chunkStartMs, 0), span.durationMs);
}

function spanAt(spans: readonly Span[], index: number): Span {
  const span = spans[index];
  if (!span) throw new RangeError('A chunk has at least one span.');
  return span;
}
