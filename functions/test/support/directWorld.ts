/** Direct uploads in the process of the test: the callable, the trigger and the sweeper, on the emulators. */
import { RecordingRegistry } from '../../src/jobs/registry.ts';
import type { ArrivalDeps } from '../../src/upload/arrivals.ts';
import { beginJob } from '../../src/upload/begin.ts';
import { createArrivalHandler } from '../../src/upload/arrivalEvents.ts';
import type { StagedObjectEvent } from '../../src/upload/arrivalEvents.ts';
import { checkManifest } from '../../src/upload/recordings.ts';
import type { DeclaredFile } from '../../src/upload/recordings.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from './recordings.ts';
import { md5Of } from './sdkClient.ts';
import { DAY_MS, SweepWorld } from './sweepWorld.ts';
import { NOTHING_COUNTED } from '../../src/usage/budget.ts';

export interface SentRecording extends DeclaredFile {
  readonly bytes: Uint8Array;
}

/** Different recordings, ten seconds apart, without an MD5. */
export function sentRecordings(count: number): SentRecording[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = pcmRecording({ frames: 1, value: i });
    return { name: pcmName(CAPTURED_AT + 10 * i), size: bytes.length, md5: null, bytes };
  });
}

export class DirectWorld extends SweepWorld {
  /** Begins an upload as `createSyncJob` does. @param key its idempotency key. */
  async begin(
    files: readonly DeclaredFile[],
    deviceId: string | null = null,
    key: string | null = null,
  ): Promise<string> {
    const fields = { deviceId, conversationId: null, clockOffsetMs: 0 };
    const recordings = checkManifest(files, fields, { nowMs: this.nowMs, maxRecordingBytes: 1_000_000_000 });
    const { jobs, files: store, conversations, now, uploadExpiryMs } = this.deps;
    const registry = new RecordingRegistry(this.db, jobs, now);
    const { jobId } = await beginJob(
      {
        jobs,
        conversations,
        files: store,
        registry,
        uploadExpiryMs,
        fairUse: { refuseUpload: () => Promise.resolve(null) },
        budget: {
          reserveBytes: () => Promise.resolve(NOTHING_COUNTED),
          count: () => Promise.resolve(NOTHING_COUNTED),
        },
        now,
        retentionMs: () => 37 * DAY_MS,
      },
      { uid: this.uid, idempotencyKey: key, fields, recordings },
      { contentHash: '', upload: 'direct' },
    );
    return jobId;
  }

  path(jobId: string, name: string): string {
    return `uploads/${this.uid}/${jobId}/${name}`;
  }

  /** Uploads, and returns the event that Storage would send. */
  async upload(path: string, bytes: Uint8Array): Promise<StagedObjectEvent> {
    const file = this.bucket().file(path);
    await file.save(bytes, { resumable: false });
    return {
      name: path,
      size: String(bytes.length),
      generation: String(file.metadata.generation),
      md5Hash: md5Of(bytes),
    };
  }

  /** A new instance of the trigger. */
  instance(change: Partial<ArrivalDeps> = {}): (event: StagedObjectEvent) => Promise<void> {
    return createArrivalHandler({ ...this.deps, ...change });
  }
}
