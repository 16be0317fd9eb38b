import assert from 'node:assert/strict';
import { DeletionUnderWayError } from '../../../src/conversations/axis.ts';
import { FileWork } from '../../../src/worker/fileWork.ts';
import { Recorder } from '../../../src/worker/recorder.ts';
import type { Chunk } from '../../../src/worker/prepareWords.ts';
import type { ChunkWords } from '../../../src/worker/transcribe.ts';

const CHUNK = { id: 'chunk', deviceId: 'omi', plan: { spans: [], frames: [] } } as unknown as Chunk;
const WORDS: ChunkWords = { context: [], words: [] };
const HEARD = { requestId: 'r', transcriber: 'test', billedSeconds: 1, language: null, words: [] };

/** A recorder whose transactions fail with these errors, one after another, and then succeed. */
function recorder(failures: readonly Error[], heldFor = Infinity) {
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
  return { seen, made: new Recorder(deps, lease as never, new FileWork(), null as never) };
}

const grpc = (code: number): Error => Object.assign(new Error('from Firestore'), { code });

describe('A result that was paid for', () => {
  it('is written once Firestore answers again', async () => {
    const { seen, made } = recorder([grpc(14)]);
    await made.recordTranscription(CHUNK, HEARD, WORDS, {});
    assert.equal(seen.writes, 2);
  });

  it('is lost with the lease', async () => {
    const { seen, made } = recorder([grpc(14), grpc(14)], 2);
    await assert.rejects(made.recordTranscription(CHUNK, HEARD, WORDS, {}), { code: 14 });
    assert.equal(seen.writes, 2);
  });

  it('is not written again if the fault is in what is written', async () => {
    const { seen, made } = recorder([grpc(3)]);
    await assert.rejects(made.recordTranscription(CHUNK, HEARD, WORDS, {}), { code: 3 });
    assert.equal(seen.writes, 1);
  });

  it('is written after a deletion that was under way, which it finishes', async () => {
    const { seen, made } = recorder([new DeletionUnderWayError('u', 'c1')]);
    await made.recordTranscription(CHUNK, HEARD, WORDS, {});
    assert.deepEqual(seen, { writes: 2, deletionsFinished: ['c1'] });
  });
});
