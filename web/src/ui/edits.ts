import { useMemo, useRef } from 'preact/hooks';
import { editsBetween, namedVoices, NO_LIMIT, type StoredEdit } from 'offline-audio-sync-contract';
import { editOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import { useApp } from './app.ts';
import { useLive, valueOf } from './live.ts';

export interface Edits {
  readonly edits: readonly StoredEdit[];
  /** False while they are read for the first time. */
  readonly isKnown: boolean;
  /** Whether these are all, as the service has them: without it, what was said reads as this device knows it. */
  readonly isServed: boolean;
  /** Why they cannot be read: then everything reads as it was heard. */
  readonly problem: Error | null;
}

/** What the user corrected of what was said in a stretch of time, with the voices that have a name everywhere. Unix milliseconds. */
export function useEdits(from: number, to: number): Edits {
  const { uid } = useApp();
  const here = useLive(`edits/${uid}/${from}/${to}`, () =>
    liveQuery(editsBetween(uid, new Date(from), new Date(to), NO_LIMIT), editOf),
  );
  const everywhere = useLive(`named/${uid}`, () => liveQuery(namedVoices(uid, NO_LIMIT), editOf));
  // A conversation that goes on has other ends: until its edits are read anew, those count that are known.
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
