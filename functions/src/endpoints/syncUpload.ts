/** `POST /v2/sync/upload`: recordings in one multipart request become a job. */
import { onRequest } from 'firebase-functions/v2/https';
import type { HttpsOptions } from 'firebase-functions/v2/https';
import type { UploadView } from 'offline-audio-sync-contract';
import { LIMITS, region } from '../config.ts';
import type { Authenticate } from '../http/auth.ts';
import { addressOf } from '../http/addresses.ts';
import { route } from '../http/route.ts';
import type { HttpHandler } from '../http/route.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';
import type { AcceptedJob, Upload } from '../upload/accept.ts';
import { parseMultipart } from '../upload/multipart.ts';
import type { MultipartLimits } from '../upload/multipart.ts';
import { checkRecordings } from '../upload/recordings.ts';
import { parseFields, parseIdempotencyKey } from '../upload/request.ts';

/** Bodies are held in memory, and for a moment twice: 8 × 64 MiB fit. */
export const options = {
  region,
  invoker: 'public',
  memory: '1GiB',
  concurrency: 8,
  timeoutSeconds: 120,
} as const satisfies HttpsOptions;

export const syncUpload = onRequest(
  options,
  lazily(async () => {
    const [{ authenticator, beginning, bucket, startQueue }, { acceptUpload }, { createStaging }] = await Promise.all([
      import('../platform.ts'),
      import('../upload/accept.ts'),
      import('../storage/staging.ts'),
    ]);
    const deps = { ...beginning(), staging: createStaging(bucket()), queue: startQueue, logger: cloudLogger };
    return createUploadHandler({
      authenticate: authenticator({ checkRevoked: true }),
      accept: (upload) => acceptUpload(deps, upload),
      limits: {
        maxRequestBytes: LIMITS.maxRequestBytes,
        maxFiles: LIMITS.maxFilesPerRequest,
        maxRecordingBytes: LIMITS.maxRecordingBytes,
      },
      logger: cloudLogger,
      now: Date.now,
    });
  }),
);

export interface UploadDeps {
  readonly authenticate: Authenticate;
  readonly accept: (upload: Upload) => Promise<AcceptedJob>;
  readonly limits: MultipartLimits & { readonly maxRecordingBytes: number };
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export function createUploadHandler({ authenticate, accept, limits, logger, now }: UploadDeps): HttpHandler {
  return route({ name: 'upload', method: 'POST', logger }, async (req) => {
    const { uid } = await authenticate(req);
    const idempotencyKey = parseIdempotencyKey(req.get('Idempotency-Key'));
    // Without a body there is no rawBody, whatever the type says.
    const rawBody = (req.rawBody as Buffer | undefined) ?? Buffer.alloc(0);
    const form = parseMultipart(req.get('Content-Type'), rawBody, limits);
    const fields = parseFields(form.fields);
    const recordings = checkRecordings(form.files, fields, {
      nowMs: now(),
      maxRecordingBytes: limits.maxRecordingBytes,
    });

    const accepted = await accept({ uid, idempotencyKey, fields, recordings });
    return {
      status: 202,
      body: uploadView(accepted),
      headers: { Location: `${addressOf('syncStatus', 'syncUpload', req)}?job_id=${accepted.jobId}` },
      log: { uid, jobId: accepted.jobId, files: recordings.length, bytes: rawBody.length },
    };
  });
}

function uploadView({ jobId, job, files }: AcceptedJob): UploadView {
  return {
    job_id: jobId,
    status: job.status,
    file_count: files.length,
    duplicate_files: files.filter(({ state }) => state === 'duplicate').map(({ name }) => name),
  };
}
