import type { Request, Response } from 'firebase-functions/v2/https';
import fc from 'fast-check';
import { guarded } from '../../src/http/callableGuard.ts';
import { createCreateJobCallable } from '../../src/endpoints/createSyncJob.ts';
import { createAcknowledgeCallable } from '../../src/endpoints/acknowledgeSyncJobs.ts';
import { jobCallable } from '../../src/http/jobCallable.ts';
import { AppError } from '../../src/errors.ts';
import { beginDirectUpload } from '../../src/upload/direct.ts';
import type { DirectUploadDeps } from '../../src/upload/direct.ts';
import { HttpsError } from 'firebase-functions/v2/https';
import type { CallableRequest } from 'firebase-functions/v2/https';
import { recordingLogger } from '../support/logger.ts';
import { memoryDeps } from '../support/uploads.ts';
import { asJson, oddJson, oddNumber, oddString } from './hostile.ts';
import { fuzzTarget } from './target.ts';

const file = fc.record({ name: fc.oneof(oddString, oddJson), size_bytes: fc.oneof(oddNumber, oddJson), md5: oddJson });
const data = fc.oneof(
  oddJson,
  fc.record({ job_id: fc.oneof(oddString, oddJson) }),
  fc.record({ job_ids: fc.oneof(fc.array(oddString, { maxLength: 200 }), oddJson) }),
  fc.record({
    files: fc.array(fc.oneof(file, oddJson), { maxLength: 40 }),
    device_id: oddJson,
    idempotency_key: oddJson,
  }),
  fc.record({ files: fc.array(file, { maxLength: 5 }), clock_offset_ms: oddNumber, conversation_id: oddString }),
);

/** No input is our fault, and no refusal is longer than 100 KB. */
export const callables = fuzzTarget({ name: 'callables', casesInTest: 1000 }, () => {
  const logger = recordingLogger();
  const authenticate = () => Promise.resolve({ uid: 'ann' });
  const deps = { authenticate, logger, now: Date.now };
  const handlers = [
    createCreateJobCallable({
      ...deps,
      begin: (upload) => beginDirectUpload(upload, memoryDeps() as unknown as DirectUploadDeps),
      bucket: 'b',
      maxRecordingBytes: 1e9,
      uploadExpiryMs: 1000,
    }),
    jobCallable({
      ...deps,
      name: 'cancelSyncJob',
      files: memoryDeps().files,
      command: () => Promise.reject(new AppError('job_not_found')),
    }),
    createAcknowledgeCallable({ ...deps, acknowledge: () => Promise.resolve([]) }),
  ] as ((request: CallableRequest) => Promise<unknown>)[];

  return fc.asyncProperty(fc.nat(handlers.length - 1), data, async (index, value) => {
    const body = JSON.parse(`{"data":${asJson(value)}}`) as { data: unknown };
    const refusal = refusedByGuard(body);
    if (refusal !== null) return refusal.status === 400 && asJson(refusal.body).length < 100_000;
    const rawRequest = { get: () => undefined } as unknown as Request;
    try {
      await handlers[index]?.({ data: body.data, rawRequest, acceptsStreaming: false });
      return true;
    } catch (error) {
      if (!(error instanceof HttpsError)) return false;
      return error.httpErrorCode.status < 500 && asJson(error.toJSON()).length < 100_000;
    }
  });
});

/** What the guard answers; null where it lets the call pass. */
function refusedByGuard(body: object): { readonly status: number; readonly body: unknown } | null {
  let answer: { status: number; body: unknown } | null = null;
  let status = 200;
  const req = { method: 'POST', body, rawBody: Buffer.from(asJson(body)), get: () => 'application/json' };
  const res = {
    set: () => res,
    status: (code: number) => {
      status = code;
      return res;
    },
    json: (sent: unknown) => {
      answer = { status, body: sent };
    },
  };
  const passed = (_req: Request, _res: Response): undefined => undefined;
  guarded(passed, recordingLogger())(...([req, res] as unknown as [Request, Response]));
  return answer;
}
