/** How much is in days, or in other stretches of time: added up by the server, however much it is. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { totalOfDay } from 'offline-audio-sync-contract';
import type { ConversationTotal } from '../data/model.ts';
import { addUp, type Sums } from '../domain/addUp.ts';
import type { Span } from '../domain/timeline.ts';
import { totalOf } from '../firebase/store.ts';
import { within } from '../within.ts';
import { useApp } from './app.ts';

export interface NamedSpan extends Span {
  readonly name: string;
}

export interface Totals extends Sums<ConversationTotal> {
  /** Whether the service answers, as far as is known: without it nothing is added up. */
  readonly isServed: boolean;
  /** Adds up what failed once more. */
  readonly retry: () => void;
}

/** How long one sum may take, milliseconds. */
const LIMIT_MS = 20_000;

const NOTHING: ConversationTotal = { conversations: 0, speechSeconds: 0 };

/**
 * What was said in each of these, by name: in the conversations that began then. One is missing until it is added up, and without a
 * network. What is later than the newest conversation needs no request.
 * @param spans the same array as long as they are the same
 */
export function useTotals(spans: readonly NamedSpan[]): Totals {
  const { uid, newest } = useApp();
  const [sums, setSums] = useState<Sums<ConversationTotal>>({ known: new Map(), failed: new Map() });
  const [attempt, setAttempt] = useState(0);
  // There is something new: added up again.
  const [last] = newest.kind === 'ready' ? newest.value : [];
  const state = newest.kind === 'ready' && !newest.fromCache ? `${last?.id ?? ''}/${last?.revision ?? 0}` : null;
  const lastAt = last?.startedAt ?? Number.NEGATIVE_INFINITY;
  useEffect(() => {
    if (state === null) return undefined;
    const over = new AbortController();
    const isDue = ({ name, from, to }: NamedSpan): boolean => from <= lastAt && (!sums.known.has(name) || lastAt < to);
    const due = new Map(spans.filter(isDue).map((span) => [span.name, span]));
    void addUp([...due.keys()], {
      sumOf: (name) => {
        const { from = 0, to = 0 } = due.get(name) ?? {};
        return within(totalOf(totalOfDay(uid, new Date(from), new Date(to))), LIMIT_MS, 'The service does not answer.');
      },
      onSums: ({ known, failed }) => {
        setSums((before) => ({ known: new Map([...before.known, ...known]), failed }));
      },
      signal: over.signal,
    });
    return () => {
      over.abort();
    };
  }, [uid, spans, state, attempt]);
  const known = useMemo(() => {
    const later = state === null ? [] : spans.filter(({ from }) => from > lastAt);
    return new Map([...sums.known, ...later.map(({ name }) => [name, NOTHING] as const)]);
  }, [sums, spans, state, lastAt]);
  return {
    known,
    failed: sums.failed,
    isServed: state !== null,
    retry: () => {
      setSums(({ known }) => ({ known, failed: new Map() }));
      setAttempt((before) => before + 1);
    },
  };
}
