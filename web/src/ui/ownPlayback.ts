/** Listening to one's own conversations. */
import { keptAudioPath } from 'offline-audio-sync-contract';
import type { Sentence } from '../data/model.ts';
import { liveDocument } from '../firebase/store.ts';
import { readKeptAudio } from '../sync/keptAudio.ts';
import type { Playback } from '../sync/playback.ts';
import { useApp } from './app.ts';
import { useLive } from './live.ts';
import { usePlayback } from './player.tsx';
import { tellProblem } from './toast.tsx';

/**
 * Whether something of the conversation is kept as audio. Its two ends say so, and one of them alone may be kept: what is older is deleted
 * first, and keeping may begin, or end, while people talk.
 */
export function useIsAudible(lines: readonly Sentence[]): boolean {
  const { uid } = useApp();
  return [useIsKept(uid, lines[0]?.chunkId), useIsKept(uid, lines.at(-1)?.chunkId)].includes(true);
}

function useIsKept(uid: string, chunk: string | undefined): boolean {
  const kept = useLive(chunk === undefined ? null : `audio/${uid}/${chunk}`, () =>
    liveDocument(`${keptAudioPath(uid)}/${chunk ?? ''}`, () => true),
  );
  return kept.kind === 'ready' && kept.value === true;
}

/** Null where nothing of the conversation is kept as audio. */
export function useOwnPlayback(lines: readonly Sentence[]): Playback | null {
  const { uid } = useApp();
  const isAudible = useIsAudible(lines);
  const playback = usePlayback(uid, lines, {
    read: (chunkId) => readKeptAudio(uid, chunkId, { keeps: true }),
    onProblem: tellProblem,
  });
  return isAudible ? playback : null;
}
