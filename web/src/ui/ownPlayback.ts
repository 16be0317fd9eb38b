/** Plays the user's own conversations. */
import { useRef } from 'preact/hooks';
import { keptAudioPath, type ReadQuery } from 'offline-audio-sync-contract';
import type { Sentence } from '../data/model.ts';
import { liveQuery, type Subscribe } from '../firebase/store.ts';
import { readKeptAudio } from '../sync/keptAudio.ts';
import type { Playback } from '../sync/playback.ts';
import { useApp } from './app.ts';
import { useLive } from './live.ts';
import { usePlayback } from './player.tsx';
import { tellProblem } from './toast.tsx';

/** Most ids in one query. Firestore's limit for `in` is 30. */
const MOST_IDS = 30;

/**
 * Whether any audio of the conversation is kept. Each chunk has to be looked at: older audio is deleted first, keeping may be switched on
 * or off during a conversation, and merged conversations may be from different days.
 */
export function useIsAudible(lines: readonly Sentence[]): boolean {
  const { uid } = useApp();
  const chunks = [...new Set(lines.map(({ chunkId }) => chunkId))];
  const found = useLive(`audio/${uid}/${chunks.join()}`, () => anyKept(uid, chunks));
  // The player stays while more of the transcript is read.
  const known = useRef(false);
  if (found.kind !== 'loading') known.current = found.kind === 'ready' && found.value;
  return known.current;
}

function anyKept(uid: string, chunks: readonly string[]): Subscribe<boolean> {
  return (next, failed) => {
    const kept = new Set<number>();
    const stops = queriesOf(uid, chunks).map((query, index) =>
      liveQuery(query, () => true)(({ value, fromCache }) => {
        if (value.length > 0) kept.add(index);
        else kept.delete(index);
        next({ value: kept.size > 0, fromCache });
      }, failed),
    );
    return () => {
      for (const stop of stops) stop();
    };
  };
}

/** Queries with the limit 1: it is enough to know that one document exists. */
function queriesOf(uid: string, chunks: readonly string[]): ReadQuery[] {
  return Array.from({ length: Math.ceil(chunks.length / MOST_IDS) }, (_, batch) => ({
    collection: keptAudioPath(uid),
    where: [['__name__', 'in', chunks.slice(batch * MOST_IDS, (batch + 1) * MOST_IDS)]],
    orderBy: [],
    limit: 1,
  }));
}

/** Null if no audio of the conversation is kept. */
export function useOwnPlayback(lines: readonly Sentence[]): Playback | null {
  const { uid } = useApp();
  const isAudible = useIsAudible(lines);
  const playback = usePlayback(uid, lines, {
    read: (chunkId) => readKeptAudio(uid, chunkId, { keeps: true }),
    onProblem: tellProblem,
  });
  return isAudible ? playback : null;
}
