/** The map between the time of a chunk, in which the transcriber gives words, and absolute time, at which they were said. */

/**
 * Consecutive frames of one recording that lie together in a chunk. The spans of a chunk, in order, are its time map.
 * `durationMs` is the exact duration of the frames' samples, so all times are exact to one sample (1/16 ms).
 */
export interface Span {
  readonly fileName: string;
  /** The ordinal of its first frame in the recording. Lost frames are counted. */
  readonly firstFrame: number;
  /** The ordinal behind its last frame. */
  readonly endFrame: number;
  /** The start, milliseconds from the start of the chunk. */
  readonly chunkStartMs: number;
  /** The start in absolute time, Unix milliseconds. */
  readonly startMs: number;
  readonly durationMs: number;
}

/** At a border between two spans, a start belongs to the later span, and an end to the earlier one. */
type Edge = 'start' | 'end';

export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The longest time that may be missing within a word, milliseconds: one or two lost frames, or a pause between two recordings.
 * If more is missing, silence was cut out, and no word continues behind it.
 */
const MAX_HOLE_MS = 250;

/**
 * The absolute interval of a word, and the recording in which it begins. Each end is placed by its own span, because a word may
 * cross the border of two recordings. But the times of a transcriber are not exact. So a word that crosses a cut belongs to the
 * side on which most of it lies, and ends at the cut; if both its ends were placed, it would last as long as the silence that
 * was cut out. Times before the start of the chunk, or after its end, are moved to the start or the end.
 * @param word milliseconds from the start of the chunk
 * @throws RangeError if there are no spans
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

/** The spans that contain most of the word, among the groups into which cuts of silence divide the spans `first` to `last`. */
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

/**
 * The times in the chunk at which silence was cut out, milliseconds. A word may cross other borders of spans, those of
 * recordings included.
 */
export function cutsOf(spans: readonly Span[]): number[] {
  return spans.flatMap((span, i) => (i > 0 && isCut(spanAt(spans, i - 1), span) ? [span.chunkStartMs] : []));
}

function isCut(before: Span, after: Span): boolean {
  return after.startMs - (before.startMs + before.durationMs) > MAX_HOLE_MS;
}

/** The index of the span that contains a time of the chunk, by binary search. */
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
