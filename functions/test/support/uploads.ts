/** Uploads in memory, ready to be accepted. */
import type { AcceptDeps, Upload } from '../../src/upload/accept.ts';
import { NOTHING_COUNTED } from '../../src/usage/budget.ts';
import { checkRecordings } from '../../src/upload/recordings.ts';
import type { Recording } from '../../src/upload/recordings.ts';
import { recordingLogger } from './logger.ts';
import type { RecordingLogger } from './logger.ts';
import {
  MemoryConversations,
  MemoryFiles,
  MemoryRegistry,
  MemoryJobs,
  MemoryQueue,
  MemoryStaging,
} from './memoryStores.ts';
import type { BeforeCall } from './memoryStores.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from './recordings.ts';

/** The time of the tests, Unix milliseconds: a minute after the capture of the recordings. */
export const NOW_MS = (CAPTURED_AT + 60) * 1000;

export interface MemoryDeps extends AcceptDeps {
  readonly jobs: MemoryJobs;
  readonly registry: MemoryRegistry;
  readonly files: MemoryFiles;
  readonly conversations: MemoryConversations;
  readonly staging: MemoryStaging;
  readonly queue: MemoryQueue;
  readonly logger: RecordingLogger;
}

export function memoryDeps(before?: BeforeCall): MemoryDeps {
  let nowMs = NOW_MS;
  const jobs = new MemoryJobs(before);
  return {
    jobs,
    files: jobs.files,
    registry: new MemoryRegistry(),
    conversations: new MemoryConversations(),
    fairUse: { refuseUpload: () => Promise.resolve(null) },
    budget: {
      reserveBytes: () => Promise.resolve(NOTHING_COUNTED),
      count: () => Promise.resolve(NOTHING_COUNTED),
    },
    staging: new MemoryStaging(before),
    queue: new MemoryQueue(before),
    logger: recordingLogger(),
    // Time passes, so that no two jobs begin in the same millisecond.
    now: () => (nowMs += 1),
    retentionMs: () => 7 * 24 * 3600 * 1000,
    uploadExpiryMs: 24 * 3600 * 1000,
  };
}

/** @param values one recording for each; they are ten seconds apart. */
export function recordings(...values: number[]): Recording[] {
  const files = values.map((value, index) => ({
    filename: pcmName(CAPTURED_AT - 10 * index),
    bytes: pcmRecording({ frames: 2, value }),
  }));
  return checkRecordings(files, { deviceId: null, clockOffsetMs: 0 }, { nowMs: NOW_MS, maxRecordingBytes: 1_000_000 });
}

export function upload(change: Partial<Upload> = {}): Upload {
  return {
    uid: 'alice',
    idempotencyKey: null,
    fields: { deviceId: null, conversationId: null, clockOffsetMs: 0 },
    recordings: recordings(1, 2, 3),
    ...change,
  };
}
