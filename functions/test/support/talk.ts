/** A conversation that no job brought. */
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import { CAPTURED_AT } from './recordings.ts';

/** Writes the conversation `talk`, of one word, as a worker stores it. */
export async function putTalk(db: Firestore, uid: string): Promise<void> {
  const [startedAt, finishedAt] = [CAPTURED_AT, CAPTURED_AT + 500].map((ms) => Timestamp.fromMillis(ms));
  const said = { startedAt, endedAt: finishedAt, text: 'Hello.', speaker: null, confidence: 1, language: 'en' };
  await db.doc(`users/${uid}/conversations/talk`).set({
    ...{ deviceId: 'omi', state: 'live', startedAt, finishedAt, title: null, revision: 1, mergedInto: null },
    ...{ language: 'en', languages: { en: 1 }, segmentCount: 1, wordCount: 1, speechSeconds: 0.5, summaryRevision: 1 },
  });
  await db.collection(`users/${uid}/segments`).add({
    ...{ deviceId: 'omi', recordingId: 'recording', recordingStartedAt: startedAt, startedAt, endedAt: finishedAt },
    ...{ segments: [{ ...said, words: [{ text: 'Hello.', fromMs: 0, toMs: 500 }] }], speakers: [] },
    ...{ jobId: 'job', chunkId: 'chunk' },
  });
}
