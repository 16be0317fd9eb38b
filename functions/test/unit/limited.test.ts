import assert from 'node:assert/strict';
import type { Firestore } from 'firebase-admin/firestore';
import pLimit from 'p-limit';
import { EDITS_AT_ONCE, undoEdit } from '../../src/conversations/editing.ts';
import { createOmiHandler } from '../../src/endpoints/omiApi.ts';
import { createSharedAudioHandler } from '../../src/endpoints/sharedAudio.ts';
import { createSharedHandler } from '../../src/endpoints/sharedConversation.ts';
import { createStatusHandler } from '../../src/endpoints/syncStatus.ts';
import { AppError } from '../../src/errors.ts';
import type { HttpHandler } from '../../src/http/route.ts';
import { acceptUpload } from '../../src/upload/accept.ts';
import { call } from '../support/http.ts';
import { memoryDeps, upload } from '../support/uploads.ts';

const AT_ONCE = 40;

/** Something to read, which counts how often it is read at the same time. */
function counted() {
  const seen = { running: 0, most: 0 };
  const read = async (): Promise<void> => {
    seen.most = Math.max(seen.most, ++seen.running);
    await new Promise(setImmediate);
    seen.running--;
  };
  return { seen, read };
}

describe('What an instance reads at once', () => {
  it('is limited to a few edits, however many users correct something', async () => {
    const { seen, read } = counted();
    const db = {
      collection: () => ({ doc: () => ({}) }),
      runTransaction: () => read().then(() => []),
    } as unknown as Firestore;
    const deps = {
      db,
      conversations: { gapMs: 1, finishDeletion: () => Promise.resolve() },
      summaries: { refresh: () => Promise.resolve(0) },
      inTurn: pLimit(EDITS_AT_ONCE),
      now: Date.now,
    };
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => undoEdit(`user${i}`, 'edit', deps)));
    assert.equal(seen.most, EDITS_AT_ONCE);
  });

  it('is limited to a few jobs and conversations, however many are requested', async () => {
    const deps = memoryDeps();
    const { jobId } = await acceptUpload(deps, upload());
    const authenticate = () => Promise.resolve({ uid: 'alice' });
    const { seen, read } = counted();
    const gone = () => read().then(() => Promise.reject(new AppError('share_not_found')));
    const handlers: [HttpHandler, number, object][] = [
      [
        createStatusHandler({ ...deps, authenticate, filesOf: () => read().then(() => []) }),
        8,
        { query: { job_id: jobId } },
      ],
      [createSharedHandler({ ...deps, read: gone }), 4, { headers: { 'X-Share-Token': 'a'.repeat(43) } }],
      [
        createSharedAudioHandler({ ...deps, read: gone }),
        2,
        { headers: { 'X-Share-Token': 'a'.repeat(43) }, query: { audio_id: 'a'.repeat(28) } },
      ],
      [
        createOmiHandler({
          ...deps,
          authenticate,
          authenticateUpload: authenticate,
          isServed: () => true,
          accept: (each) => acceptUpload(deps, each),
          readConversation: () => read().then(() => null),
          limits: { maxRequestBytes: 1, maxFiles: 1, maxRecordingBytes: 1 },
        }),
        2,
        { path: '/v1/conversations/c1' },
      ],
    ];
    for (const [handler, most, request] of handlers) {
      seen.most = 0;
      await Promise.all(Array.from({ length: AT_ONCE }, () => call(handler, request)));
      assert.equal(seen.most, most);
    }
  });
});
