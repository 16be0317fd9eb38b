import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import { DeletionUnderWayError } from '../../../src/conversations/store.ts';
import type { PlannedChunkDoc } from '../../../src/jobs/chunk.ts';
import { Checkpoints } from '../../../src/worker/checkpoints.ts';

const T0 = Timestamp.fromMillis(0);
const CHUNK: PlannedChunkDoc = {
  state: 'planned',
  uid: 'u',
  deviceId: 'omi',
  sequence: 0,
  spans: [],
  durationMs: 1000,
  startedAt: T0,
  endedAt: T0,
  expiresAt: T0,
};
const HEARD = { requestId: 'r', transcriber: 'test', billedSeconds: 1, language: null, words: [] };

/** Checkpoints whose transactions fail with these errors, one after another, and then succeed. */
function checkpoints(failures: readonly Error[], heldFor = Infinity) {
  const seen = { writes: 0, deletionsFinished: [] as string[] };
  const lease = {
    jobId: 'job',
    signal: new AbortController().signal,
    get isInTime() {
      return seen.writes < heldFor;
    },
    update() {
      const failure = failures[seen.writes++];
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
  };
  const conversations = {
    finishDeletion(_: string, id: string) {
      seen.deletionsFinished.push(id);
      return Promise.resolve();
    },
  };
  const deps = { conversations } as never;
  return { seen, made: new Checkpoints(deps, lease as never, { scanned: [], earlierJobs: [], nextSequence: 0 }) };
}

const grpc = (code: number): Error => Object.assign(new Error('from Firestore'), { code });

describe('A result that was paid for', () => {
  it('is written once Firestore is well again', async () => {
    const { seen, made } = checkpoints([grpc(14)]);
    await made.settle('chunk', CHUNK, HEARD, []);
    assert.equal(seen.writes, 2);
  });

  it('is given up with the lease', async () => {
    const { seen, made } = checkpoints([grpc(14), grpc(14)], 2);
    await assert.rejects(made.settle('chunk', CHUNK, HEARD, []), { code: 14 });
    assert.equal(seen.writes, 2);
  });

  it('is not written again where the fault is in what is written', async () => {
    const { seen, made } = checkpoints([grpc(3)]);
    await assert.rejects(made.settle('chunk', CHUNK, HEARD, []), { code: 3 });
    assert.equal(seen.writes, 1);
  });

  it('is written after the deletion that it met, which it brings to its end', async () => {
    const { seen, made } = checkpoints([new DeletionUnderWayError('c1')]);
    await made.settle('chunk', CHUNK, HEARD, []);
    assert.deepEqual(seen, { writes: 2, deletionsFinished: ['c1'] });
  });
});
