/** A conversation without a job, and its audio. */
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import { encodeFlac } from '../../src/audio/chunk/flac.ts';
import type { Bucket } from '../../src/storage/bucket.ts';
import { KeptAudio } from '../../src/storage/keptAudio.ts';
import { CAPTURED_AT } from './recordings.ts';

/** Its recording. */
export const TALK_CHUNK = 'chunk'.padEnd(28, '-');

/** Writes the conversation `talk`, which has one word, as a worker stores it. */
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
    ...{ jobId: 'job', chunkId: TALK_CHUNK },
  });
}

/**
 * Stores kept audio for `talk`: one and a half seconds, with the word in the second half second. The value of each sample is the number
 * of its tenth of a second.
 */
export async function keepTalk(db: Firestore, bucket: Bucket, uid: string): Promise<void> {
  const pcm = Int16Array.from({ length: 24_000 }, (_, i) => Math.floor(i / 1600));
  const kept = new KeptAudio(db, bucket, { keptMs: 24 * 3600_000 });
  const bytes = await encodeFlac(pcm, 16_000);
  const object = await kept.put({ uid, chunkId: TALK_CHUNK, bytes, contentType: 'audio/flac' });
  const spans = [{ recordingId: 'recording', fromMs: -500, audioMs: 0, durationMs: 1500 }];
  await db.runTransaction((tx) => {
    kept.name(tx, object, spans, 1500);
    return Promise.resolve();
  });
}
