import { useMemo } from 'preact/hooks';
import { editsBetween, namedVoices, NO_LIMIT, type StoredEdit } from 'offline-audio-sync-contract';
import { editOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import { useApp } from './app.ts';
import { useLive, valueOf } from './live.ts';

/** What the user corrected of what was said in a stretch of time, with the voices that have a name everywhere. Unix milliseconds. */
export function useEdits(from: number, to: number): readonly StoredEdit[] {
  const { uid } = useApp();
  const here = useLive(`edits/${uid}/${from}/${to}`, () =>
    liveQuery(editsBetween(uid, new Date(from), new Date(to), NO_LIMIT), editOf),
  );
  const everywhere = useLive(`named/${uid}`, () => liveQuery(namedVoices(uid, NO_LIMIT), editOf));
  // Without an answer, and with a service that knows no edits, everything reads as it was heard.
  const [found, named] = [valueOf(here), valueOf(everywhere)];
  return useMemo(
    () => [...new Map([...(found ?? []), ...(named ?? [])].map((edit) => [edit.id, edit])).values()],
    [found, named],
  );
}
