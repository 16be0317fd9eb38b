/** `createSyncJob`: creates a job from a manifest, and answers the paths in Storage to which the app uploads its recordings. */
import type { CreatedJobView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import { LIMITS } from 'offline-audio-sync-contract';
import { uploadExpiryMs } from '../config.ts';
import { AppError } from '../errors.ts';
import { callable } from '../http/callable.ts';
import type { CallableDeps, CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { createdJobView } from '../http/views.ts';
import type { JobFile } from '../jobs/job.ts';
import type { BegunJob, NewUpload } from '../upload/begin.ts';
import { checkManifest } from '../upload/recordings.ts';
import type { DeclaredFile } from '../upload/recordings.ts';
import { REQUEST, uploadFields } from '../upload/request.ts';
import { requireValid } from '../validation.ts';

export const createSyncJob = onGuardedCall(CALLABLE_OPTIONS, async () => {
  const [{ arrivalDeps, requestDeps, newJobDeps, bucket }, { beginDirectUpload }] = await Promise.all([
    import('../platform.ts'),
    import('../upload/direct.ts'),
  ]);
  const deps = { ...newJobDeps(), ...arrivalDeps() };
  return createCreateJobCallable({
    ...requestDeps({ checkRevoked: true }),
    begin: (upload) => beginDirectUpload(upload, deps),
    bucket: bucket().name,
    maxRecordingBytes: LIMITS.maxRecordingBytes,
    uploadExpiryMs: uploadExpiryMs(),
    now: Date.now,
  });
});

export interface CreateJobDeps extends CallableDeps {
  readonly begin: (upload: NewUpload) => Promise<BegunJob>;
  /** Name of the bucket that the paths are in. */
  readonly bucket: string;
  readonly maxRecordingBytes: number;
  /** An upload ends after this long without an arrival, milliseconds. */
  readonly uploadExpiryMs: number;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const filesRule = 'a list of recordings, at least one: [{ name, size_bytes, md5? }]';
const sizeRule = 'the number of its bytes';
const md5Rule = 'the MD5 of its bytes in Base64, as Storage writes it';

const fileInput = z.object(
  {
    name: z.string('the name of a recording'),
    size_bytes: z.int(sizeRule).min(0, sizeRule),
    md5: z
      .string(md5Rule)
      .regex(/^[A-Za-z0-9+/]{21}[AQgw]==$/, md5Rule)
      .nullish(),
  },
  '{ name, size_bytes, md5? }',
);

const filesInput = z.object({ files: z.array(fileInput) });

const input = z.object(
  {
    // parseFiles checks their number before any element is validated.
    files: z.custom<readonly unknown[]>((value) => Array.isArray(value) && value.length > 0, filesRule),
    device_id: REQUEST.deviceId.nullish(),
    conversation_id: REQUEST.conversationId.nullish(),
    clock_offset_ms: REQUEST.clockOffsetMs.nullish(),
    time_zone: REQUEST.timeZone.nullish(),
    idempotency_key: REQUEST.idempotencyKey.nullish(),
  },
  'give {"files": […]}',
);

/**
 * @throws AppError, and creates nothing: `invalid_request`, `too_many_files`, `invalid_recording`, `conversation_not_found`,
 * `conversation_of_other_device`, `idempotency_conflict`, `job_cancelled`, `fair_use_restricted`, `too_many_jobs`; `unavailable` if
 * another request with the same key came in between, or the job was deleted meanwhile.
 */
export function createCreateJobCallable(deps: CreateJobDeps): CallableHandler<CreatedJobView> {
  return callable({ ...deps, name: 'createSyncJob', input }, async ({ uid }, asked) => {
    const fields = uploadFields(asked);
    const files = parseFiles(asked.files);
    const rules = { nowMs: deps.now(), maxRecordingBytes: deps.maxRecordingBytes };
    const recordings = checkManifest(files, fields, rules);
    const idempotencyKey = asked.idempotency_key ?? null;
    const { jobId, job, files: current } = await deps.begin({ uid, idempotencyKey, fields, recordings });
    const expiresMs = job.waitingFor?.until?.toMillis() ?? job.createdAt.toMillis() + deps.uploadExpiryMs;
    const view = createdJobView(jobId, job, inOrderOf(recordings, current), deps.bucket, expiresMs);
    return { view, log: { jobId, files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) } };
  });
}

/** @throws AppError `too_many_files`, before any file is validated; `invalid_request` */
function parseFiles(given: readonly unknown[]): DeclaredFile[] {
  if (given.length > LIMITS.maxFilesPerJob) {
    const message = `At most ${String(LIMITS.maxFilesPerJob)} recordings in one job; make several jobs.`;
    throw new AppError('too_many_files', { message });
  }
  const { files } = requireValid(filesInput, { files: given });
  return files.map(({ name, size_bytes: size, md5 }) => ({ name, size, md5: md5 ?? null }));
}

function inOrderOf(recordings: readonly { readonly name: string }[], files: readonly JobFile[]): JobFile[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  return recordings.flatMap(({ name }) => byName.get(name) ?? []);
}
