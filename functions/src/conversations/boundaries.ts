/**
 * The user's splits and merges, in the form that assignment uses. Each has a place on the time axis, so the result does not depend on
 * the order in which boundaries and speech arrive. Pure.
 */
import { EDIT_LIMITS, editsInEffect } from 'offline-audio-sync-contract';
import type { Interval } from './interval.ts';
import type { StoredEdit } from './edits.ts';
import { firstAfter } from './segments.ts';

export interface Boundaries {
  /** No conversation crosses these, Unix milliseconds, in order: speech that begins then or later belongs to another conversation. */
  readonly cuts: readonly number[];
  /** All speech within a bridge is one conversation. No bridge crosses a cut. */
  readonly bridges: readonly Interval[];
}

export const NO_BOUNDARIES: Boundaries = { cuts: [], bridges: [] };

/** If two boundaries disagree, the later one counts. @param edits of one device; edits of other kinds are ignored. */
export function boundariesOf(edits: readonly StoredEdit[]): Boundaries {
  const cuts = new Set<number>();
  const merges: Interval[] = [];
  for (const edit of editsInEffect(edits)) {
    const startMs = edit.startedAt.toMillis();
    if (edit.kind === 'split') cuts.add(startMs);
    if (edit.kind !== 'merge') continue;
    const merge = { startMs, endMs: edit.until.startedAt.toMillis() };
    if (!isPossibleMerge(merge)) continue;
    merges.push(merge);
    for (const cut of cuts) if (cut > merge.startMs && cut <= merge.endMs) cuts.delete(cut);
  }
  const inOrder = [...cuts].sort((a, b) => a - b);
  return { cuts: inOrder, bridges: merges.flatMap((merge) => cutAt(merge, inOrder)) };
}

/** False for a merge whose ends are too far apart, because the dates of its recordings were corrected differently. */
export function isPossibleMerge({ startMs, endMs }: Interval): boolean {
  return startMs < endMs && endMs - startMs <= EDIT_LIMITS.maxMergeMs;
}

function cutAt({ startMs, endMs }: Interval, cuts: readonly number[]): Interval[] {
  const inside = cuts.filter((cut) => cut > startMs && cut <= endMs);
  return [startMs, ...inside].map((from, i) => ({ startMs: from, endMs: (inside[i] ?? endMs + 1) - 1 }));
}

/** Extends an interval over all bridges that reach into it or into the margin around it. */
export function extendOverBridges(interval: Interval, { bridges }: Boundaries, marginMs: number): Interval {
  let { startMs, endMs } = interval;
  for (let isWider = true; isWider;) {
    isWider = false;
    for (const bridge of bridges) {
      const [from, to] = [bridge.startMs - marginMs, bridge.endMs + marginMs];
      if (to < startMs || from > endMs || (from >= startMs && to <= endMs)) continue;
      [startMs, endMs] = [Math.min(startMs, from), Math.max(endMs, to)];
      isWider = true;
    }
  }
  return { startMs, endMs };
}

/** Items that belong together, and how far they reach. */
export interface Component<T extends Interval> extends Interval {
  readonly items: readonly T[];
}

/**
 * The connected components of intervals: two are connected if less than the gap lies between them, or a bridge spans it, and no cut
 * separates them. A component ends before the next cut, even if its last word continues over it.
 */
export function connect<T extends Interval>(
  items: readonly T[],
  gapMs: number,
  boundaries: Boundaries,
): Component<T>[] {
  const sorted = [
    ...items.map((item) => ({ item, ...span(item) })),
    ...boundaries.bridges.map((bridge) => ({ item: null, ...bridge })),
  ].sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);

  const components: { items: T[]; startMs: number; endMs: number; lastMs: number; reachMs: number }[] = [];
  for (const { item, startMs, endMs } of sorted) {
    const open = components.at(-1);
    const goesOn =
      open !== undefined && startMs - open.reachMs < gapMs && firstAfter(boundaries.cuts, open.lastMs) > startMs;
    const component = goesOn
      ? open
      : { items: [], startMs: Infinity, endMs: -Infinity, lastMs: startMs, reachMs: endMs };
    if (!goesOn) components.push(component);
    component.lastMs = startMs;
    component.reachMs = Math.max(component.reachMs, endMs);
    if (item === null) continue;
    component.items.push(item);
    component.startMs = Math.min(component.startMs, startMs);
    component.endMs = Math.max(component.endMs, endMs);
  }
  return components.flatMap(({ items: own, startMs, endMs, lastMs }) =>
    own.length === 0 ? [] : [{ items: own, startMs, endMs: Math.min(endMs, firstAfter(boundaries.cuts, lastMs) - 1) }],
  );
}

function span({ startMs, endMs }: Interval): Interval {
  return { startMs, endMs };
}
