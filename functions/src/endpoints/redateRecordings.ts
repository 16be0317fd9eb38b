/**
 * `redateRecordings({job_id or names or conversation_id, offset_ms})`: moves recordings with a wrong date to the time at which they
 * were made.
 */
import type { RedatedView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import type { DecidedRedating, RedatingRequest } from '../completion/decideRedating.ts';
import { LIMITS } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';
import { callable } from '../http/callable.ts';
import type { CallableDeps, CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { jobIdText } from '../http/jobCallable.ts';
import { isJobId } from '../jobs/job.ts';
import { REQUEST } from '../upload/request.ts';
import { boundedList, conversationIdText, isDocumentId, requiredText } from '../validation.ts';

/** A day of speech takes some minutes to move. */
const options = { ...CALLABLE_OPTIONS, timeoutSeconds: 540 };

export const redateRecordings = onGuardedCall(options, async () => {
  const [{ requestDeps, completionDeps, queue, registry }, { redateRecordings: redate }] = await Promise.all([
    import('../platform.ts'),
    import('../completion/redateRecordings.ts'),
  ]);
  const deps = { ...completionDeps(), registry, queue };
  return createRedateCallable({
    ...requestDeps({ checkRevoked: false }),
    redate: (request) => redate(request, deps),
  });
});

export interface RedateCallableDeps extends CallableDeps {
  readonly redate: (request: RedatingRequest) => Promise<DecidedRedating['recordings']>;
}

const nameRule = 'the name of a recording';
const recordingName = requiredText(nameRule).max(LIMITS.maxNameBytes, nameRule);
const namesRule = `1 to ${LIMITS.maxFilesPerJob} names of recordings`;
const offsetRule = 'a whole number of milliseconds';

const input = z
  .object(
    {
      conversation_id: conversationIdText.nullish(),
      job_id: jobIdText.nullish(),
      names: boundedList(LIMITS.maxFilesPerJob, recordingName, namesRule).nullish(),
      offset_ms: z.int(offsetRule),
      idempotency_key: REQUEST.idempotencyKey.nullish(),
    },
    'give {"job_id": …, "offset_ms": …} or {"names": […], "offset_ms": …}',
  )
  .refine(
    (asked) => (asked.job_id ?? asked.names ?? asked.conversation_id ?? null) !== null,
    'give a job_id, or names, or a conversation_id',
  );

export function createRedateCallable(deps: RedateCallableDeps): CallableHandler<RedatedView> {
  return callable({ ...deps, name: 'redateRecordings', input }, async ({ uid }, asked) => {
    const jobId = asked.job_id ?? null;
    if (jobId !== null && !isJobId(jobId)) throw new AppError('job_not_found');
    const conversationId = asked.conversation_id ?? null;
    if (conversationId !== null && !isDocumentId(conversationId)) throw new AppError('conversation_not_found');
    const names = asked.names ? [...new Set(asked.names)] : null;
    const key = asked.idempotency_key ?? null;
    const recordings = await deps.redate({ uid, jobId, conversationId, names, offsetMs: asked.offset_ms, key });
    const view = recordings.map(({ jobId: id, file, startedAtMs }) => ({
      name: file,
      job_id: id,
      started_at: new Date(startedAtMs).toISOString(),
    }));
    return { view: { recordings: view }, log: { recordings: recordings.length } };
  });
}
