/** `createSyncJob`: a manifest in, a job and the paths in Storage out that its recordings are to be uploaded to. */
import * as z from 'zod';
import { LIMITS } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Authenticate } from '../http/auth.ts';
import { callable } from '../http/callable.ts';
import type { CallableHandler } from '../http/callable.ts';
import { createdJobView } from '../http/views.ts';
import type { CreatedJobView } from 'offline-audio-sync-contract';
import { enqueueJob } from '../jobs/queue.ts';
import type { FileStore } from '../jobs/files.ts';
import type { JobFile } from '../jobs/job.ts';
import type { JobStore } from '../jobs/store.ts';
import { receiveAll, withArrival } from '../upload/arrivals.ts';
import type { ArrivalDeps } from '../upload/arrivals.ts';
import { beginJob } from '../upload/begin.ts';
import type { BeginDeps, BegunJob } from '../upload/begin.ts';
import { manifestHash } from '../upload/idempotency.ts';
import { checkManifest } from '../upload/recordings.ts';
import type { DeclaredFile } from '../upload/recordings.ts';
import { REQUEST, uploadFields } from '../upload/request.ts';
import { requireValid } from '../validation.ts';

export interface CreateJobDeps extends BeginDeps, ArrivalDeps {
  readonly jobs: Pick<JobStore, 'newId' | 'create' | 'replace' | 'get' | 'update'>;
  readonly files: FileStore;
  readonly authenticate: Authenticate;
  readonly maxRecordingBytes: number;
  /** Name of the bucket that the paths are in. */
  readonly bucket: string;
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
    // Its elements are looked at when their number is known to be small.
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
 * A callable that errs with `invalid_request`, `too_many_files`, `invalid_recording`, `conversation_not_found`,
 * `conversation_of_other_device`, `idempotency_conflict`, `fair_use_restricted`, `too_many_jobs`: nothing is created then. And
 * with `unavailable`, when another request with the same key came in between, or the job was deleted meanwhile.
 */
export function createCreateJobCallable(deps: CreateJobDeps): CallableHandler<CreatedJobView> {
  return callable({ ...deps, name: 'createSyncJob', input }, async ({ uid }, asked) => {
    const fields = uploadFields(asked);
    const files = parseFiles(asked.files);
    const rules = { nowMs: deps.now(), maxRecordingBytes: deps.maxRecordingBytes };
    const recordings = checkManifest(files, fields, rules);
    const begun = await beginJob(
      deps,
      { uid, idempotencyKey: asked.idempotency_key ?? null, fields, recordings },
      { contentHash: manifestHash(recordings, fields), upload: 'direct' },
    );
    const { jobId, job, files: current } = await bringUpToDate(uid, begun, deps);
    const expiresMs = job.waitingFor?.until?.toMillis() ?? job.createdAt.toMillis() + deps.uploadExpiryMs;
    const view = createdJobView(jobId, job, inOrderOf(recordings, current), deps.bucket, expiresMs);
    return { view, log: { jobId, files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) } };
  });
}

/** @throws AppError `too_many_files`, before any of them is looked at; `invalid_request` */
function parseFiles(given: readonly unknown[]): DeclaredFile[] {
  if (given.length > LIMITS.maxFilesPerJob) {
    const message = `At most ${String(LIMITS.maxFilesPerJob)} recordings in one job; make several jobs.`;
    throw new AppError('too_many_files', { message });
  }
  const { files } = requireValid(filesInput, { files: given });
  return files.map(({ name, size_bytes: size, md5 }) => ({ name, size, md5: md5 ?? null }));
}

/** Starts a job that waits for nothing, and receives what has arrived for one of an earlier call. */
async function bringUpToDate(uid: string, begun: BegunJob, deps: CreateJobDeps): Promise<BegunJob> {
  const { jobId, isNew } = begun;
  if (begun.job.status !== 'uploading') {
    // Its first enqueue may have been lost. A task that is queued stays one task.
    if (begun.job.status === 'pending') await enqueueJob(jobId, begun.job, deps);
    return begun;
  }
  if (isNew && begun.job.fileCounts.expected > 0) return begun;
  const objects = await receiveAll(uid, jobId, deps);
  const job = await deps.jobs.get(jobId);
  if (job === null) throw new AppError('unavailable');
  const files = (await deps.files.read(jobId, job)).all.map((file) => withArrival(file, objects));
  return { ...begun, job, files };
}

function inOrderOf(recordings: readonly { readonly name: string }[], files: readonly JobFile[]): JobFile[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  return recordings.flatMap(({ name }) => byName.get(name) ?? []);
}
