/** `POST /v2/sync/upload`. */
import type { Authenticate } from '../http/auth.ts';
import { route } from '../http/route.ts';
import type { HttpHandler } from '../http/route.ts';
import type { UploadView } from 'offline-audio-sync-contract';
import { acceptUpload } from '../upload/accept.ts';
import type { AcceptDeps, AcceptedJob } from '../upload/accept.ts';
import { parseMultipart } from '../upload/multipart.ts';
import type { MultipartLimits } from '../upload/multipart.ts';
import { checkRecordings } from '../upload/recordings.ts';
import { parseFields, parseIdempotencyKey } from '../upload/request.ts';

export interface UploadDeps extends AcceptDeps {
  readonly authenticate: Authenticate;
  readonly limits: MultipartLimits & { readonly maxRecordingBytes: number };
}

export function createUploadHandler(deps: UploadDeps): HttpHandler {
  const { authenticate, limits, logger, now } = deps;
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

    const accepted = await acceptUpload(deps, { uid, idempotencyKey, fields, recordings });
    return {
      status: 202,
      body: uploadView(accepted),
      headers: { Location: `/v2/sync/status?job_id=${accepted.jobId}` },
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
