/** When speech sounds in the visible part of the axis. */
import { useMemo } from 'preact/hooks';
import { LONGEST_PAGE_MS, speechOfDay } from 'offline-audio-sync-contract';
import type { Conversation, Segment } from '../data/model.ts';
import type { Span } from '../domain/timeline.ts';
import { segmentsOf } from '../firebase/documents.ts';
import { useApp } from './app.ts';
import { usePages } from './live.ts';

export interface SpeechSpan extends Span {
  readonly deviceId: string;
}

/**
 * Longest window for which transcripts are read, milliseconds. Longer windows show conversations only: pauses within them would be narrower
 * than a pixel, and transcripts of a day are tens of megabytes.
 */
const LONGEST_WINDOW_MS = 3 * 3_600_000;
/** Windows are rounded to this step, so that a small move reads nothing new. */
const STEP_MS = 3_600_000;

/** @param conversations If one of them changes, its speech is read again. */
export function useSpeech(
  window: Span,
  conversations: readonly Conversation[],
  isServed: boolean,
): readonly SpeechSpan[] {
  const { uid } = useApp();
  const from = Math.floor(window.from / STEP_MS) * STEP_MS;
  const to = Math.ceil(window.to / STEP_MS) * STEP_MS;
  const isShown = window.to - window.from <= LONGEST_WINDOW_MS;
  const revisions = useMemo(
    () =>
      conversations
        .filter(({ startedAt, finishedAt }) => isShown && startedAt < to && finishedAt > from)
        .map(({ id, revision }) => `${id}:${revision}`)
        .join(),
    [conversations, isShown, from, to],
  );
  const { items } = usePages<Segment[]>({
    key: isShown ? `${uid}/${from}/${to}/${revisions}` : null,
    query: () => speechOfDay(uid, new Date(from - LONGEST_PAGE_MS), new Date(to)),
    parse: segmentsOf,
    isServed,
  });
  return useMemo(
    () =>
      (items ?? [])
        .flat()
        .flatMap(({ deviceId, startedAt, endedAt }) =>
          endedAt > from && startedAt < to ? [{ deviceId, from: startedAt, to: endedAt }] : [],
        ),
    [items, from, to],
  );
}
