import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  failedFile,
  failure,
  finalFile,
  isAllFinal,
  needsAudio,
  statusOf,
  silenceOf,
} from '../../../src/completion/outcome.ts';
import type { ReadResult } from '../../../src/completion/outcome.ts';
import type { JobFile, JobStatus } from '../../../src/jobs/job.ts';
import { totalsOf, withFinal } from '../../../src/jobs/totals.ts';
import { jobFile } from '../../support/jobFiles.ts';

function file(name: string, change: Partial<JobFile> = {}): JobFile {
  return jobFile({ name, durationSeconds: 60, ...change });
}

const READ: ReadResult = { durationSeconds: 60, lostSeconds: 0, duplicateSeconds: 0, error: null };

describe('The final state of a recording', () => {
  it('is transcribed if there was speech, new or stored before, and otherwise silent', () => {
    assert.equal(finalFile(file('a', { speechSeconds: 10 }), READ).state, 'transcribed');
    assert.equal(finalFile(file('a'), { ...READ, duplicateSeconds: 10 }).state, 'transcribed');
    assert.equal(finalFile(file('a'), READ).state, 'silent');
  });

  it('is failed if a part could not be read or was refused, and its speech still counts', () => {
    const broken = finalFile(file('a', { speechSeconds: 10 }), {
      ...READ,
      lostSeconds: 20,
      error: failure('a', 'recording_corrupt'),
    });
    assert.deepEqual([broken.state, broken.speechSeconds, broken.failedSeconds], ['failed', 10, 20]);
    const refused = finalFile(file('a', { failedSeconds: 5, error: failure('a', 'transcription_rejected') }), READ);
    assert.deepEqual([refused.state, refused.failedSeconds], ['failed', 5]);
  });

  it('accounts for every second, in any mixture', () => {
    const seconds = fc.integer({ min: 0, max: 1_000_000 }).map((ms) => ms / 1000);
    const draft = fc.record({ speech: seconds, silence: seconds, lost: seconds, refused: seconds, duplicate: seconds });
    fc.assert(
      fc.property(fc.array(draft, { minLength: 1, maxLength: 8 }), (drafts) => {
        const before = drafts.map(({ speech, refused }, i) =>
          file(String(i), { speechSeconds: speech, failedSeconds: refused }),
        );
        const final = before.map((each, i) => {
          const { speech, silence, lost, refused, duplicate } = drafts[i]!;
          const durationSeconds = speech + silence + lost + refused + duplicate;
          return finalFile(each, { durationSeconds, lostSeconds: lost, duplicateSeconds: duplicate, error: null });
        });
        const { ledger, fileCounts } = withFinal(totalsOf(before), before, final);
        const parts = ledger.speechSeconds + ledger.silentSeconds + ledger.duplicateSeconds + ledger.failedSeconds;
        assert.ok(Math.abs(ledger.audioSeconds - parts) < 1e-6);
        const silence = drafts.reduce((sum, each) => sum + each.silence, 0);
        assert.ok(Math.abs(ledger.silentSeconds - silence) < 0.003 * drafts.length);
        assert.deepEqual(
          { ledger, fileCounts },
          { ledger: totalsOf(final).ledger, fileCounts: totalsOf(final).fileCounts },
        );
      }),
    );
  });
});

describe('A recording whose work ends before it is done', () => {
  it('keeps what was transcribed, and the rest fails with the reason, silence included', () => {
    const failed = failedFile(file('a', { speechSeconds: 10 }), 'retention_ended');
    assert.deepEqual([failed.state, failed.speechSeconds, failed.failedSeconds], ['failed', 10, 50]);
    assert.deepEqual(failed.error, failure('a', 'retention_ended'));
  });

  it('does not change if it is final', () => {
    for (const state of ['transcribed', 'silent', 'duplicate', 'failed'] as const) {
      const final = file('a', { state });
      assert.equal(failedFile(final, 'job_cancelled'), final);
    }
  });
});

describe('The end of a job', () => {
  const endOf = (...files: JobFile[]): string => statusOf(totalsOf(files));

  it('is not reached before each recording is final, because the others would be lost silently', () => {
    for (const state of ['expected', 'staged'] as const)
      assert.throws(
        () => endOf(file('a', { state: 'transcribed' }), file('b', { state })),
        /before all of its recordings/,
      );
  });

  it('is completed, partial or failed, as follows from its recordings', () => {
    const lost = file('l', { state: 'failed', failedSeconds: 60, error: failure('l', 'recording_corrupt') });
    const half = file('h', { state: 'failed', speechSeconds: 20, failedSeconds: 40, error: failure('h', 'internal') });
    assert.equal(endOf(file('a', { state: 'silent' }), file('b', { state: 'duplicate' })), 'completed');
    assert.equal(endOf(file('a', { state: 'silent' }), lost), 'partial');
    assert.equal(endOf(half), 'partial');
    assert.equal(endOf(lost, lost), 'failed');
  });

  it('is reached when every recording is final', () => {
    assert.equal(isAllFinal(totalsOf([file('a', { state: 'silent' })])), true);
    for (const state of ['expected', 'staged'] as const)
      assert.equal(isAllFinal(totalsOf([file('a', { state })])), false);
  });

  it('lists the first twenty failures', () => {
    const files = Array.from({ length: 30 }, (_, i) =>
      file(`${i}`, { state: 'failed', error: failure(`${i}`, 'internal') }),
    );
    assert.equal(totalsOf(files).failures.length, 20);
    assert.equal(totalsOf(files).fileCounts.failed, 30);
  });
});

describe('The audio of a recording', () => {
  const needed = (status: JobStatus, change: Partial<JobFile>): boolean => needsAudio({ status }, file('a', change));

  it('is needed until the recording is final, and no longer, whatever happens to its job', () => {
    for (const status of ['uploading', 'pending', 'processing', 'deferred', 'partial', 'failed'] as const) {
      for (const state of ['expected', 'staged'] as const) assert.equal(needed(status, { state }), true);
      for (const state of ['transcribed', 'silent', 'duplicate'] as const)
        assert.equal(needed(status, { state }), false);
    }
  });

  it('is needed for a retry by the user, unless the reason of the failure excludes one', () => {
    assert.equal(needed('partial', { state: 'failed', error: failure('a', 'recording_corrupt') }), true);
    for (const code of ['upload_expired', 'retention_ended', 'job_cancelled'] as const) {
      assert.equal(needed('failed', { state: 'failed', error: failure('a', code) }), false, code);
    }
    assert.equal(needed('cancelled', { state: 'staged' }), false);
  });
});

describe('Silence that counts as usage', () => {
  it('is that of recordings that did not fail, without speech, duplicates and failed seconds', () => {
    const parts = { durationSeconds: 60, speechSeconds: 10, duplicateSeconds: 15, failedSeconds: 5 };
    const files = (['transcribed', 'silent', 'duplicate', 'failed'] as const).map((state) =>
      file(state, { state, ...parts }),
    );
    assert.equal(silenceOf(files), 2 * 30);
    assert.equal(silenceOf(files.slice(2)), 0);
  });
});
