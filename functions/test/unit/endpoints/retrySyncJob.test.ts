import assert from 'node:assert/strict';
import { retryableFiles } from '../../../src/completion/retry.ts';
import { AppError } from '../../../src/errors.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { FileState, JobFile, JobStatus } from '../../../src/jobs/job.ts';
import { newJob } from '../../../src/jobs/store.ts';
import { failure } from '../../../src/completion/outcome.ts';
import { jobFile } from '../../support/jobFiles.ts';
import type { JobWithFiles } from '../../support/jobFiles.ts';

function file(name: string, state: FileState, code: ErrorCode | null = null): JobFile {
  return jobFile({ name, state, durationSeconds: 60, error: code === null ? null : failure(name, code) });
}

function job(status: JobStatus, ...files: JobFile[]): JobWithFiles {
  const fresh = newJob({
    uid: 'u',
    deviceId: 'omi',
    files,
    upload: 'multipart',
    uploadExpiryMs: 1,
    conversationId: null,
    contentHash: null,
    nowMs: 0,
    retentionMs: 1,
  });
  return { ...fresh.job, files, status };
}

function refusal(of: JobWithFiles): [string, string] {
  try {
    retryableFiles(of, of.files);
  } catch (error) {
    assert.ok(error instanceof AppError);
    return [error.code, error.message];
  }
  return assert.fail('It can be retried.');
}

describe('A retry', () => {
  it('processes what failed, and what no attempt has finished', () => {
    const files = [
      file('done', 'transcribed'),
      file('quiet', 'silent'),
      file('twin', 'duplicate'),
      file('refused', 'failed', 'transcription_rejected'),
      file('corrupt', 'failed', 'recording_corrupt'),
      file('untouched', 'staged'),
    ];
    assert.deepEqual(
      retryableFiles(job('partial', ...files), files).map(({ name }) => name),
      ['refused', 'corrupt', 'untouched'],
    );
  });

  it('leaves out what has lost its audio', () => {
    const gone: ErrorCode[] = ['recording_missing', 'upload_expired', 'retention_ended', 'job_cancelled'];
    for (const code of gone) assert.equal(refusal(job('failed', file('a', 'failed', code)))[0], 'job_not_retryable');
  });

  it('is refused for a job that completed, was cancelled or has not ended, each with its own reason', () => {
    const failed = file('a', 'failed', 'transcription_rejected');
    for (const status of ['uploading', 'pending', 'processing', 'deferred'] as const) {
      assert.equal(refusal(job(status, failed))[0], 'job_not_finished');
    }
    const [completed, cancelled] = [job('completed', file('a', 'silent')), job('cancelled', failed)].map(refusal);
    assert.deepEqual([completed?.[0], cancelled?.[0]], ['job_not_retryable', 'job_not_retryable']);
    assert.notEqual(completed?.[1], cancelled?.[1]);
  });
});
