import { transcriptOf } from 'offline-audio-sync-contract';
import { intervalOf } from '../domain/edited.ts';
import { recogniserText, transcriberText } from '../domain/transcriberText.ts';
import { localSuite } from '../env.ts';
import { segmentsOf } from '../firebase/documents.ts';
import { liveQuery } from '../firebase/store.ts';
import { useApp } from './app.ts';
import { useLive } from './live.ts';

/** Says which transcriber gets the speech, before anything is recorded. */
export function Recogniser() {
  return localSuite === null ? <LastRecogniser /> : <p class="hint">{recogniserText(localSuite.transcriber)}</p>;
}

/** A deployed service does not publish its setting. The transcriber of the latest conversation is stored with its words. */
function LastRecogniser() {
  const { uid, newest: known } = useApp();
  const [newest] = known.kind === 'ready' ? known.value : [];
  const key = newest === undefined ? null : `recogniser/${uid}/${newest.id}/${newest.revision}`;
  const pages = useLive(key, () => {
    const { deviceId = '', startedAt = 0, finishedAt = 0 } = newest ?? {};
    return liveQuery(transcriptOf(uid, intervalOf({ deviceId, startedAt, finishedAt }), 1), segmentsOf);
  });
  const transcriber = pages.kind === 'ready' ? (pages.value[0]?.[0]?.transcriber ?? null) : null;
  if (transcriber === null) return null;
  return <p class="hint">Your last conversation was transcribed by {transcriberText(transcriber, false)}</p>;
}
