import { useMemo, useRef } from 'preact/hooks';
import { editsBetween, namedVoices, NO_LIMIT, type StoredEdit } from 'offline-audio-sync-contract';
import { editOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import { useApp } from './app.ts';
import { useLive, valueOf } from './live.ts';

export interface Edits {
  readonly edits: readonly StoredEdit[];
  /** False until they are read for the first time. */
  readonly isKnown: boolean;
  /** Whether the service has confirmed that these are all. Without it, only corrections that this device knows are shown. */
  readonly isServed: boolean;
  /** Why the corrections cannot be read; the transcript is then shown without them. */
  readonly problem: Error | null;
}

/** What the user corrected in a period, Unix milliseconds, and all speakers' names that apply everywhere. */
export function useEdits(from: number, to: number): Edits {
  const { uid } = useApp();
  const here = useLive(`edits/${uid}/${from}/${to}`, () =>
    liveQuery(editsBetween(uid, new Date(from), new Date(to), NO_LIMIT), editOf),
  );
  const everywhere = useLive(`named/${uid}`, () => liveQuery(namedVoices(uid, NO_LIMIT), editOf));
  // The interval changes while a conversation grows. Until the edits of the new interval are read, those of the old one are used.
  const last = useRef<StoredEdit[] | null>(null);
  last.current = valueOf(here) ?? last.current;
  const [found, named] = [last.current, valueOf(everywhere)];
  const edits = useMemo(
    () => [...new Map([...(found ?? []), ...(named ?? [])].map((edit) => [edit.id, edit])).values()],
    [found, named],
  );
  const both = [here, everywhere];
  const [problem = null] = both.flatMap((one) => (one.kind === 'failed' ? [one.error] : []));
  return {
    edits,
    isKnown: (found !== null || here.kind === 'failed') && everywhere.kind !== 'loading',
    isServed: both.every((one) => one.kind === 'ready' && !one.fromCache),
    problem,
  };
}
