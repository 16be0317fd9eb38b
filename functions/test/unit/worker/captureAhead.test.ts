import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import { LIMITS } from 'offline-audio-sync-contract';
import { AppError } from '../../../src/errors.ts';
import { checkManifest } from '../../../src/upload/recordings.ts';
import { requireCaptured } from '../../../src/worker/captureAhead.ts';
import { jobFile } from '../../support/jobFiles.ts';

const NOW_MS = 1_760_000_000_000;
const MINUTE_MS = 60_000;

describe('A recording whose clock runs ahead', () => {
  it('is accepted up to half an hour ahead, and beyond that refused with the difference', () => {
    const check = (startedAtMs: number) =>
      checkManifest(
        [{ name: `a_${startedAtMs}.bin`, size: 1, md5: null }],
        { deviceId: null, clockOffsetMs: 0 },
        { nowMs: NOW_MS, maxRecordingBytes: 10 },
      );
    assert.equal(check(NOW_MS + 10 * MINUTE_MS)[0]?.startedAtMs, NOW_MS + 10 * MINUTE_MS);
    assert.ok(check(NOW_MS + LIMITS.maxCaptureAheadMs));
    assert.throws(
      () => check(NOW_MS + LIMITS.maxCaptureAheadMs + 1),
      (error) => error instanceof AppError && JSON.stringify(error.details).includes('more than 30 minutes after now'),
    );
  });

  it('makes its job wait until its time has come, and no longer', () => {
    const startingAt = (ms: number, state: 'staged' | 'transcribed' = 'staged') =>
      jobFile({ name: `a${ms}`, state, startedAt: Timestamp.fromMillis(ms) });
    const ahead = NOW_MS + 10 * MINUTE_MS;
    assert.throws(
      () => {
        requireCaptured([startingAt(NOW_MS), startingAt(ahead)], NOW_MS);
      },
      (error) => error instanceof AppError && error.code === 'capture_ahead' && error.untilMs === ahead,
    );
    requireCaptured([startingAt(NOW_MS), startingAt(ahead)], ahead);
    requireCaptured([startingAt(NOW_MS + LIMITS.maxClockAheadMs)], NOW_MS);
    requireCaptured([startingAt(ahead, 'transcribed')], NOW_MS);
  });
});
