/** `POST /v2/sync/upload`: recordings in one multipart request become a job. */
import { onRequest } from 'firebase-functions/v2/https';
import type { UploadView } from 'offline-audio-sync-contract';
import type { Authenticate } from '../http/auth.ts';
import { addressOf } from '../http/addresses.ts';
import { route } from '../http/route.ts';
import type { HttpHandler } from '../http/route.ts';
import { UPLOAD_OPTIONS } from '../http/options.ts';
import { lazily } from '../lazily.ts';
import type { Logger } from '../logger.ts';
import type { AcceptedJob, Upload } from '../upload/accept.ts';
import { readForm, UPLOAD_LIMITS } from '../upload/multipart.ts';
import type { UploadLimits } from '../upload/multipart.ts';
import { checkRecordings } from '../upload/recordings.ts';
import { parseFields, parseIdempotencyKey } from '../upload/request.ts';

export const syncUpload = onRequest(
  UPLOAD_OPTIONS,
  lazily(async () => {
    const { uploadAcceptor, requestDeps } = await import('../platform.ts');
    return createUploadHandler({
      ...requestDeps({ checkRevoked: true }),
      accept: await uploadAcceptor(),
      limits: UPLOAD_LIMITS,
      now: Date.now,
    });
  }),
);

export interface UploadDeps {
  readonly authenticate: Authenticate;
  readonly accept: (upload: Upload) => Promise<AcceptedJob>;
  readonly limits: UploadLimits;
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export function createUploadHandler({ authenticate, accept, limits, logger, now }: UploadDeps): HttpHandler {
  return route({ name: 'upload', method: 'POST', logger }, async (req) => {
    const { uid } = await authenticate(req);
    const idempotencyKey = parseIdempotencyKey(req.get('Idempotency-Key'));
    const { form, bytes } = readForm(req, limits);
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
      log: { uid, jobId: accepted.jobId, files: recordings.length, bytes },
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
