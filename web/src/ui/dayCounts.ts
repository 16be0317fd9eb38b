/** How much is in days, or in other stretches of time: counted by the server, whatever the number. */
import { useEffect, useState } from 'preact/hooks';
import { conversationsOfDay } from 'offline-audio-sync-contract';
import { countOf } from '../firebase/store.ts';
import type { Span } from '../domain/timeline.ts';
import { useApp } from './app.ts';

export interface NamedSpan extends Span {
  readonly name: string;
}

/**
 * The conversations that began in each of these, by name. One is missing until it is counted, and without a network.
 * @param spans the same array as long as they are the same
 */
export function useCounts(spans: readonly NamedSpan[]): ReadonlyMap<string, number> {
  const { uid, newest } = useApp();
  const [counts, setCounts] = useState<ReadonlyMap<string, number>>(new Map());
  // There is something new: counted again.
  const [last] = newest.kind === 'ready' ? newest.value : [];
  const state = newest.kind === 'ready' && !newest.fromCache ? `${last?.id ?? ''}/${last?.revision ?? 0}` : null;
  useEffect(() => {
    if (state === null) return undefined;
    let isOver = false;
    const count = async ({ name, from, to }: NamedSpan): Promise<[string, number]> => [
      name,
      await countOf(conversationsOfDay(uid, new Date(from), new Date(to))),
    ];
    const isDue = ({ name, from, to }: NamedSpan): boolean =>
      !counts.has(name) || (last !== undefined && last.startedAt >= from && last.startedAt < to);
    Promise.all(spans.filter(isDue).map(count)).then(
      (counted) => {
        if (!isOver) setCounts((before) => new Map([...before, ...counted]));
      },
      () => undefined, // Without a network there is nothing to count: the days can still be opened.
    );
    return () => {
      isOver = true;
    };
  }, [uid, spans, state]);
  return counts;
}
