import type { Request, Response } from 'firebase-functions/v2/https';
import fc from 'fast-check';
import { guarded } from '../../src/http/callableGuard.ts';
import { createAcknowledgeCallable } from '../../src/endpoints/acknowledgeSyncJobs.ts';
import { createCreateJobCallable } from '../../src/endpoints/createSyncJob.ts';
import { createDeleteConversationCallable } from '../../src/endpoints/deleteConversation.ts';
import { createDeleteEverythingCallable } from '../../src/endpoints/deleteEverything.ts';
import { createEditCallable } from '../../src/endpoints/editConversation.ts';
import { createImportCallable } from '../../src/endpoints/importConversations.ts';
import { createRedateCallable } from '../../src/endpoints/redateRecordings.ts';
import { createShareCallable } from '../../src/endpoints/shareConversation.ts';
import { createUndoCallable } from '../../src/endpoints/undoEdit.ts';
import { createWithdrawCallable } from '../../src/endpoints/withdrawShare.ts';
import { jobCallable } from '../../src/http/jobCallable.ts';
import { AppError } from '../../src/errors.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { beginDirectUpload } from '../../src/upload/direct.ts';
import type { DirectUploadDeps } from '../../src/upload/direct.ts';
import { HttpsError } from 'firebase-functions/v2/https';
import type { CallableRequest } from 'firebase-functions/v2/https';
import { recordingLogger } from '../support/logger.ts';
import { memoryDeps } from '../support/uploads.ts';
import { asJson, oddJson, oddNumber, oddString } from './hostile.ts';
import { fuzzTarget } from './target.ts';

const time = fc.oneof(fc.constant('2025-10-09T08:53:20.000Z'), oddString, oddJson);
const text = fc.oneof(fc.constant('word'), oddString, oddJson);
const word = fc.oneof(
  fc.tuple(text, oddNumber, oddNumber),
  fc.tuple(fc.constant('w'), fc.nat(9), fc.nat(1e9)),
  oddJson,
);
const segment = fc.record({
  started_at: time,
  ended_at: time,
  text,
  words: fc.oneof(fc.constant(null), fc.array(word, { maxLength: 5 }), oddJson),
  speaker: fc.oneof(fc.nat(5), oddNumber),
});
const KINDS = ['title', 'star', 'tag', 'text', 'speaker', 'split', 'merge', 'constructor'];
const change = fc.record({
  kind: fc.oneof(fc.constantFrom(...KINDS), oddJson),
  ...{ title: text, tag: text, text, name: text, recording_id: text, from: time, to: time, at: time, until: time },
  ...{ starred: oddJson, tagged: oddJson, scope: text, with_conversation_id: text },
});
const conversation = fc.record({
  device_id: fc.oneof(fc.constant('omi'), oddString),
  title: text,
  edits: fc.oneof(
    fc.constant(null),
    fc.array(fc.record({ edit_id: text, edited_at: time, recording_id: text, from: time, to: time, change }), {
      maxLength: 3,
    }),
  ),
  segments: fc.oneof(fc.array(segment, { maxLength: 5 }), oddJson),
});
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
  fc.record({ conversations: fc.oneof(fc.array(conversation, { maxLength: 4 }), oddJson) }),
  fc.record({ conversation_id: fc.oneof(fc.constant('c'), oddString), edit: change, edit_id: text, hours: oddNumber }),
  fc.record({ names: fc.oneof(fc.array(oddString, { maxLength: 9 }), oddJson), offset_ms: oddNumber, job_id: text }),
  fc.record({ share_id: text, edit_id: text, what: text }),
);

const nothing = (code: ErrorCode) => () => Promise.reject(new AppError(code));

/** No input causes an internal error, and no refusal is longer than 100 KB. */
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
    createDeleteConversationCallable({ ...deps, conversations: { delete: nothing('conversation_not_found') } }),
    createDeleteEverythingCallable({
      ...deps,
      delete: { audio: () => Promise.resolve(), everything: () => Promise.resolve() },
    }),
    createEditCallable({ ...deps, edit: nothing('conversation_not_found') }),
    createImportCallable({
      ...deps,
      reserveBytes: () => Promise.resolve(() => Promise.resolve()),
      importOne: (_uid, { segments }) =>
        Promise.resolve({ conversationId: null, newWords: segments.length, refusedEdits: 0 }),
    }),
    createRedateCallable({ ...deps, redate: nothing('recording_not_found') }),
    createShareCallable({ ...deps, share: nothing('conversation_not_found') }),
    createUndoCallable({ ...deps, undo: nothing('edit_not_found') }),
    createWithdrawCallable({ ...deps, withdraw: () => Promise.resolve() }),
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

/** The answer of the guard; null if it passes the call on. */
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
