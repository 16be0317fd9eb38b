import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Timestamp } from 'firebase-admin/firestore';
import type { ChunkDoc } from '../../../src/jobs/chunk.ts';
import type { JobFile, JobStatus } from '../../../src/jobs/job.ts';
import { abandonFile, concludeJob, failure, isCounted, needsAudio } from '../../../src/completion/outcome.ts';
import { jobFile } from '../../support/jobFiles.ts';

const T0 = Timestamp.fromMillis(Date.UTC(2026, 0, 1));

function file(name: string, change: Partial<JobFile> = {}): JobFile {
  return jobFile({ name, durationSeconds: 60, lostSeconds: 0, ...change });
}

function chunk(state: 'done' | 'failed', parts: Readonly<Record<string, number>>): ChunkDoc {
  const spans = Object.entries(parts).map(([recordingId, seconds]) => ({
    recordingId,
    firstFrame: 0,
    endFrame: 1,
    chunkStartMs: 0,
    startMs: T0.toMillis(),
    durationMs: seconds * 1000,
  }));
  const plan = {
    uid: 'u',
    deviceId: 'omi',
    sequence: 0,
    spans,
    durationMs: 0,
    startedAt: T0,
    endedAt: T0,
    expiresAt: T0,
  };
  return state === 'done'
    ? { ...plan, state, words: [], language: null, requestId: 'r', billedSeconds: 3, conversationIds: ['c'] }
    : { ...plan, state, error: failure(null, 'transcription_rejected') };
}

describe('outcome of a job', () => {
  it('is completed when every recording is transcribed or silent', () => {
    const outcome = concludeJob([file('a'), file('b')], [chunk('done', { a: 10 })]);
    assert.equal(outcome.status, 'completed');
    assert.deepEqual(
      outcome.files.map(({ state }) => state),
      ['transcribed', 'silent'],
    );
    assert.deepEqual(outcome.ledger, {
      audioSeconds: 120,
      speechSeconds: 10,
      silentSeconds: 110,
      duplicateSeconds: 0,
      failedSeconds: 0,
    });
    assert.deepEqual(outcome.usage, { requests: 1, billedSeconds: 3 });
    assert.deepEqual(outcome.conversationIds, ['c']);
  });

  it('is partial when one recording failed and another came through', () => {
    const lost = file('b', { error: failure('b', 'recording_corrupt'), lostSeconds: 60 });
    const outcome = concludeJob([file('a'), lost], [chunk('done', { a: 10 })]);
    assert.equal(outcome.status, 'partial');
    assert.equal(outcome.ledger.failedSeconds, 60);
    assert.deepEqual(outcome.failures, [failure('b', 'recording_corrupt')]);
  });

  it('is failed when nothing came through', () => {
    const lost = file('a', { error: failure('a', 'recording_corrupt'), lostSeconds: 60 });
    assert.equal(concludeJob([lost], []).status, 'failed');
  });

  it('counts speech that was refused as failed, with the reason on its recording', () => {
    const outcome = concludeJob([file('a')], [chunk('failed', { a: 20 }), chunk('done', { a: 5 })]);
    assert.equal(outcome.status, 'partial');
    assert.equal(outcome.ledger.failedSeconds, 20);
    assert.deepEqual(outcome.failures, [failure('a', 'transcription_rejected')]);
  });

  it('lets a retry read on behind the last chunk of a recording that could not be read, and only of that', () => {
    const broken = file('b', { error: failure('b', 'recording_corrupt'), lostSeconds: 20 });
    const planned = [chunk('done', { a: 10, b: 5 }), chunk('failed', { b: 7.5 })];
    assert.deepEqual(
      concludeJob([file('a'), broken, file('c', { error: failure('c', 'recording_corrupt') })], planned).files.map(
        ({ unplannedFrom }) => unplannedFrom,
      ),
      [null, 7.5 * 16_000, 0],
    );
  });

  it('accounts for every second, whatever the mix', () => {
    const seconds = fc.integer({ min: 0, max: 1000 });
    const drafts = fc.array(
      fc.record({ speech: seconds, silence: seconds, lost: seconds, refused: seconds, duplicate: fc.boolean() }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(drafts, (list) => {
        const files = list.map(({ speech, silence, lost, refused, duplicate }, i) =>
          duplicate
            ? file(String(i), {
                state: 'duplicate',
                durationSeconds: speech + silence,
                failedSeconds: 0,
                speechSeconds: 0,
              })
            : file(String(i), { durationSeconds: speech + silence + lost + refused, lostSeconds: lost }),
        );
        const chunks = list.flatMap(({ speech, refused, duplicate }, i) =>
          duplicate ? [] : [chunk('done', { [i]: speech }), chunk('failed', { [i]: refused })],
        );
        const { ledger } = concludeJob(files, chunks);
        const { audioSeconds, speechSeconds, silentSeconds, duplicateSeconds, failedSeconds } = ledger;
        assert.ok(Math.abs(audioSeconds - speechSeconds - silentSeconds - duplicateSeconds - failedSeconds) < 1e-3);
        const expected = list.filter(({ duplicate }) => !duplicate).reduce((sum, { silence }) => sum + silence, 0);
        assert.ok(Math.abs(silentSeconds - expected) < 1e-3);
      }),
    );
  });
});

describe('a job that ends before its work is done', () => {
  it('keeps what was transcribed, fails the rest with the reason, and its ledger adds up', () => {
    const chunks = [chunk('done', { a: 10 })];
    const files = [file('a'), file('b', { state: 'expected', durationSeconds: null }), file('c', { state: 'silent' })];
    const outcome = concludeJob(
      files.map((each) => abandonFile(each, chunks, 'retention_ended')),
      chunks,
    );
    assert.equal(outcome.status, 'partial');
    assert.deepEqual(
      outcome.failures.map(({ file: name, code, retryable }) => ({ name, code, retryable })),
      ['a', 'b'].map((name) => ({ name, code: 'retention_ended', retryable: false })),
    );
    assert.deepEqual(outcome.ledger, {
      audioSeconds: 120,
      speechSeconds: 10,
      silentSeconds: 60,
      duplicateSeconds: 0,
      failedSeconds: 50,
    });
  });

  it('leaves to a retry what could not be read, behind what was planned, and where scanning stopped of the rest', () => {
    const corrupt = file('a', { error: failure('a', 'recording_corrupt'), unplannedFrom: null });
    const files = [corrupt, file('b', { unplannedFrom: 48_000 }), file('c', { unplannedFrom: null })];
    const chunks = [chunk('done', { a: 10 }), chunk('failed', { c: 5 })];
    const abandoned = files.map((each) => abandonFile(each, chunks, 'attempts_exhausted'));
    assert.deepEqual(
      abandoned.map(({ unplannedFrom }) => unplannedFrom),
      [10 * 16_000, 48_000, null],
    );
    assert.ok(!abandoned.some(isCounted), 'none of them was worked through to its end');
  });

  it('has failed when nothing of it came through', () => {
    const files = [file('a', { state: 'expected' }), file('b', { durationSeconds: null })];
    const abandoned = files.map((each) => abandonFile(each, [], 'upload_expired'));
    assert.equal(concludeJob(abandoned, []).status, 'failed');
  });
});

describe('the audio of a recording', () => {
  const needed = (status: JobStatus, change: Partial<JobFile>): boolean => needsAudio({ status }, file('a', change));

  it('is needed by every job that has not ended, whatever the state of the recording', () => {
    for (const status of ['uploading', 'pending', 'processing', 'deferred'] as const) {
      for (const state of ['expected', 'staged', 'transcribed', 'silent', 'duplicate', 'failed'] as const) {
        assert.equal(needed(status, { state }), true, `${status} ${state}`);
      }
    }
  });

  it('is needed after the end for what a retry by the user would take up, and for nothing else', () => {
    for (const status of ['partial', 'failed'] as const) {
      assert.equal(needed(status, { state: 'failed', error: failure('a', 'recording_corrupt') }), true);
      assert.equal(needed(status, { state: 'staged' }), true, 'a job that failed too often');
      for (const state of ['transcribed', 'silent', 'duplicate'] as const) {
        assert.equal(needed(status, { state }), false, state);
      }
    }
  });

  it('is not needed any more when the reason of the failure let go of it', () => {
    for (const code of ['upload_expired', 'retention_ended', 'job_cancelled'] as const) {
      assert.equal(needed('failed', { state: 'failed', error: failure('a', code) }), false, code);
    }
    assert.equal(needed('cancelled', { state: 'staged' }), false);
  });
});

describe('audio that counts', () => {
  it('is that of recordings worked through to their end, whatever that was', () => {
    const counted = [
      file('a', { state: 'transcribed' }),
      file('b', { state: 'silent' }),
      file('c', { state: 'failed', error: failure('c', 'transcription_rejected') }),
      file('d', { state: 'failed', error: failure('d', 'recording_corrupt') }),
    ];
    const early = ['upload_expired', 'retention_ended', 'job_cancelled', 'attempts_exhausted'] as const;
    const uncounted = [
      file('e'),
      file('f', { state: 'duplicate' }),
      ...early.map((code) => file(code, { state: 'failed', error: failure(code, code) })),
    ];
    assert.deepEqual([...counted, ...uncounted].filter(isCounted), counted);
  });
});
