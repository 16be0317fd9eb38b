/** Adds speech to the store of conversations without audio. */
import type { TestWorld } from './worker.ts';

export const START_MS = Date.UTC(2025, 0, 1);
export const DEVICE = 'omi';

/** Stores words that last a second each, at these seconds of the test's day. @returns ids of the conversations that changed. */
export async function say(
  world: Pick<TestWorld, 'db' | 'uid' | 'deps'>,
  seconds: readonly number[],
  targetId: string | null = null,
): Promise<string[]> {
  const words = seconds.map((second) => ({
    text: 'here',
    startMs: START_MS + second * 1000,
    endMs: START_MS + second * 1000 + 1000,
    confidence: 1,
    speaker: null,
    language: 'en',
    recording: { recordingId: 'recording', startedAtMs: START_MS },
  }));
  const source = { uid: world.uid, deviceId: DEVICE, jobId: 'job', chunkId: 'chunk', transcriber: 'test' };
  return world.db.runTransaction(async (tx) =>
    (await world.deps.conversations.prepare(tx, { ...source, targetId, words })).write(),
  );
}
