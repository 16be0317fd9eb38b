/** How much was said in days or in other periods. The server adds it up, however much it is. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { conversationFrom, totalOfDay } from 'offline-audio-sync-contract';
import type { ConversationTotal } from '../data/model.ts';
import { addUp, type Sums } from '../domain/addUp.ts';
import type { Span } from '../domain/timeline.ts';
import { conversationOf } from '../firebase/documents.ts';
import { liveQuery, totalOf } from '../firebase/store.ts';
import { within } from '../within.ts';
import { useApp } from './app.ts';
import { useLive } from './live.ts';

export interface NamedSpan extends Span {
  readonly name: string;
}

export interface Totals extends Sums<ConversationTotal> {
  /** Whether the service answers, as far as is known. Without it, nothing is added up. */
  readonly isServed: boolean;
  /** Requests the failed sums again. */
  readonly retry: () => void;
}

/** Time limit for one sum, milliseconds. */
const LIMIT_MS = 20_000;

const NOTHING: ConversationTotal = { conversations: 0, speechSeconds: 0 };

/**
 * What was said in each of these spans, by name: a conversation counts in the span in which it began. A sum is missing until it is added
 * up, and without a network. A span before the oldest conversation or after the newest one is empty, and needs no request.
 * @param spans must be the same array as long as the spans are the same
 */
export function useTotals(spans: readonly NamedSpan[]): Totals {
  const { uid, newest } = useApp();
  const oldest = useLive(`oldest/${uid}`, () => liveQuery(conversationFrom(uid, new Date(0)), conversationOf));
  const [sums, setSums] = useState<Sums<ConversationTotal>>({ known: new Map(), failed: new Map() });
  const [attempt, setAttempt] = useState(0);
  // The sums are requested again when the oldest or the newest conversation changes.
  const [first, last] = [oldest, newest].map((end) => (end.kind === 'ready' && !end.fromCache ? end.value : null));
  const state = first && last && [...first, ...last].map(({ id, revision }) => `${id}/${revision}`).join();
  const firstAt = first?.[0]?.startedAt ?? Number.POSITIVE_INFINITY;
  const lastAt = last?.[0]?.startedAt ?? Number.NEGATIVE_INFINITY;
  useEffect(() => {
    if (state === null) return undefined;
    const over = new AbortController();
    const isDue = (span: NamedSpan): boolean =>
      !isOutside(span, firstAt, lastAt) && (!sums.known.has(span.name) || lastAt < span.to);
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
    const empty = state === null ? [] : spans.filter((span) => isOutside(span, firstAt, lastAt));
    return new Map([...sums.known, ...empty.map(({ name }) => [name, NOTHING] as const)]);
  }, [sums, spans, state, firstAt, lastAt]);
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

const isOutside = ({ from, to }: Span, firstAt: number, lastAt: number): boolean => to <= firstAt || from > lastAt;
