import type { Request, Response } from 'firebase-functions/v2/https';
import fc from 'fast-check';
import { guarded } from '../../src/http/callableGuard.ts';
import { createCreateJobCallable } from '../../src/endpoints/createSyncJob.ts';
import type { CreateJobDeps } from '../../src/endpoints/createSyncJob.ts';
import { createAcknowledgeCallable, createCancelCallable } from '../../src/endpoints/callables.ts';
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
  const nothing = { get: () => Promise.resolve(null), update: () => Promise.resolve(null) };
  const deps = { ...memoryDeps(), authenticate, logger, now: Date.now, maxRecordingBytes: 1e9 };
  const handlers = [
    createCreateJobCallable({ ...deps, uploadExpiryMs: 1000, bucket: 'b' } as unknown as CreateJobDeps),
    createCancelCallable({ ...deps, jobs: nothing, db: null } as never),
    createAcknowledgeCallable({ ...deps, jobs: nothing } as never),
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
