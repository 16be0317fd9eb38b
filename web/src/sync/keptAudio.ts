/** Reads audio that the service keeps for playback. This device keeps it once it was played. */
import { keptAudioPath, STORAGE_ORIGIN, type KeptAudioDoc } from 'offline-audio-sync-contract';
import type { Timestamp } from 'firebase/firestore';
import { NOT_LOADED } from '../domain/playback.ts';
import { localSuite } from '../env.ts';
import { connect, readDocument } from '../firebase/store.ts';
import { within } from '../within.ts';
import { keepPlayed, openPlayed } from './playedAudio.ts';

export interface KeptAudio extends Pick<KeptAudioDoc<Timestamp>, 'spans' | 'durationMs'> {
  readonly blob: Blob;
}

/** Time limit for receiving a whole chunk, milliseconds. */
const LIMIT_MS = 120_000;

/**
 * The audio of a chunk; null if it is not kept, or no longer.
 * @param options `keeps`: whether this device stores it for playback without a network
 * @throws Error with a sentence for the user
 */
export async function readKeptAudio(
  uid: string,
  chunkId: string,
  { keeps }: { readonly keeps: boolean },
): Promise<KeptAudio | null> {
  const doc = await readDocument(`${keptAudioPath(uid)}/${chunkId}`, (_, data) => data as KeptAudioDoc<Timestamp>);
  if (doc === null) return null;
  const { path, contentType, spans, durationMs } = doc;
  const key = `/heard/${encodeURIComponent(path)}`;
  const cache = await openPlayed();
  if (doc.expiresAt.toMillis() < Date.now()) {
    await cache?.delete(key);
    return null;
  }
  const known = await cache?.match(key);
  const audio = known === undefined ? await download(path) : await known.blob();
  if (audio === null) return null;
  if (cache !== null && known === undefined && keeps) await keepPlayed(cache, key, audio);
  return { spans, durationMs, blob: new Blob([audio], { type: contentType }) };
}

async function download(path: string): Promise<Blob | null> {
  const { app, currentUser } = await (await connect()).sdk.userAuth();
  const token = (await currentUser?.getIdToken()) ?? '';
  const storage = localSuite?.storage ?? STORAGE_ORIGIN;
  const url = `${storage}/v0/b/${app.options.storageBucket ?? ''}/o/${encodeURIComponent(path)}?alt=media`;
  const load = async (): Promise<{ readonly status: number; readonly audio: Blob }> => {
    const response = await fetch(url, { headers: { Authorization: `Firebase ${token}` } });
    return { status: response.status, audio: await response.blob() };
  };
  const { status, audio } = await within(load(), LIMIT_MS).catch((cause: unknown) => {
    throw new Error(NOT_LOADED, { cause });
  });
  if (status === 404) return null;
  if (status !== 200)
    throw new Error('The service does not give out this audio. Sign out and in again, then play it again.');
  return audio;
}
