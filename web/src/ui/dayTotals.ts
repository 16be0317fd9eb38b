/** How much is in days, or in other stretches of time: added up by the server, however much it is. */
import { useEffect, useState } from 'preact/hooks';
import { totalOfDay } from 'offline-audio-sync-contract';
import type { ConversationTotal } from '../data/model.ts';
import { totalOf } from '../firebase/store.ts';
import type { Span } from '../domain/timeline.ts';
import { useApp } from './app.ts';

export interface NamedSpan extends Span {
  readonly name: string;
}

/**
 * What was said in each of these, by name: in the conversations that began then. One is missing until it is added up, and without a
 * network.
 * @param spans the same array as long as they are the same
 */
export function useTotals(spans: readonly NamedSpan[]): ReadonlyMap<string, ConversationTotal> {
  const { uid, newest } = useApp();
  const [totals, setTotals] = useState<ReadonlyMap<string, ConversationTotal>>(new Map());
  // There is something new: added up again.
  const [last] = newest.kind === 'ready' ? newest.value : [];
  const state = newest.kind === 'ready' && !newest.fromCache ? `${last?.id ?? ''}/${last?.revision ?? 0}` : null;
  useEffect(() => {
    if (state === null) return undefined;
    let isOver = false;
    const addUp = async ({ name, from, to }: NamedSpan): Promise<[string, ConversationTotal]> => [
      name,
      await totalOf(totalOfDay(uid, new Date(from), new Date(to))),
    ];
    const isDue = ({ name, from, to }: NamedSpan): boolean =>
      !totals.has(name) || (last !== undefined && last.startedAt >= from && last.startedAt < to);
    Promise.all(spans.filter(isDue).map(addUp)).then(
      (added) => {
        if (!isOver) setTotals((before) => new Map([...before, ...added]));
      },
      () => undefined, // Without a network nothing is added up: the days can still be opened.
    );
    return () => {
      isOver = true;
    };
  }, [uid, spans, state]);
  return totals;
}
