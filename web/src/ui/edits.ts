import { useMemo } from 'preact/hooks';
import { editsBetween, namedVoices, NO_LIMIT, type StoredEdit } from 'offline-audio-sync-contract';
import { editOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import { useApp } from './app.ts';
import { useLive, valueOf } from './live.ts';

/**
 * What the user corrected of what was said in a stretch of time, with the voices that have a name everywhere. Unix milliseconds.
 * `isKnown`: false while they are read for the first time. Where they cannot be read, everything reads as it was heard.
 */
export function useEdits(
  from: number,
  to: number,
): { readonly edits: readonly StoredEdit[]; readonly isKnown: boolean } {
  const { uid } = useApp();
  const here = useLive(`edits/${uid}/${from}/${to}`, () =>
    liveQuery(editsBetween(uid, new Date(from), new Date(to), NO_LIMIT), editOf),
  );
  const everywhere = useLive(`named/${uid}`, () => liveQuery(namedVoices(uid, NO_LIMIT), editOf));
  const [found, named] = [valueOf(here), valueOf(everywhere)];
  const edits = useMemo(
    () => [...new Map([...(found ?? []), ...(named ?? [])].map((edit) => [edit.id, edit])).values()],
    [found, named],
  );
  return { edits, isKnown: here.kind !== 'loading' && everywhere.kind !== 'loading' };
}
