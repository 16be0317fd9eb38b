/**
 * Serves the paths `/v1`, `/v2` and so on that Hosting gives to no other function. If `OMI_API` is on, these are the part of Omi's API
 * that uploads recordings and reads their results (docs/omi.md). It only translates: an upload takes the same way as in `syncUpload`.
 * Every other path is `path_not_found` in JSON, so that an app with a wrong address never gets the console's page.
 */
import { onRequest } from 'firebase-functions/v2/https';
import type { Request } from 'firebase-functions/v2/https';
import pLimit from 'p-limit';
import * as z from 'zod';
import { params } from '../config.ts';
import type { Conversation, Segment } from '../conversations/conversation.ts';
import { AppError } from '../errors.ts';
import type { Authenticate } from '../http/auth.ts';
import { omiConversation, omiHeaders, omiJob, omiProblem, omiStart } from '../http/omiViews.ts';
import { route } from '../http/route.ts';
import type { HttpHandler, Method, Reply } from '../http/route.ts';
import { UPLOAD_OPTIONS } from '../http/options.ts';
import type { JobStore } from '../jobs/store.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';
import type { AcceptedJob, Upload } from '../upload/accept.ts';
import { readForm, UPLOAD_LIMITS } from '../upload/multipart.ts';
import type { UploadLimits } from '../upload/multipart.ts';
import { fromOmi } from '../upload/omiFiles.ts';
import { checkEach } from '../upload/recordings.ts';
import { REQUEST, uploadFields } from '../upload/request.ts';
import { isDocumentId, requireValid } from '../validation.ts';

export const omiApi = onRequest(
  UPLOAD_OPTIONS,
  lazily(async () => {
    const [{ uploadAcceptor, authenticator, conversations, db, jobs }, { readTranscript }] = await Promise.all([
      import('../platform.ts'),
      import('../conversations/transcript.ts'),
    ]);
    return createOmiHandler({
      isServed: () => params.omiApi.value(),
      authenticate: authenticator({ checkRevoked: false }),
      authenticateUpload: authenticator({ checkRevoked: true }),
      accept: async (upload) => (await uploadAcceptor())(upload),
      jobs,
      readConversation: async (uid, id) => {
        const [found] = await conversations.resolve(uid, [id]);
        if (found === undefined) return null;
        const [liveId, conversation] = found;
        return { id: liveId, conversation, segments: await readTranscript(db, uid, conversation) };
      },
      limits: UPLOAD_LIMITS,
      logger: cloudLogger,
      now: Date.now,
    });
  }),
);

export interface OmiDeps {
  /** Whether the operator serves this API. */
  readonly isServed: () => boolean;
  readonly authenticate: Authenticate;
  readonly authenticateUpload: Authenticate;
  readonly accept: (upload: Upload) => Promise<AcceptedJob>;
  readonly jobs: Pick<JobStore, 'get'>;
  /** The live conversation behind an id (merges are followed), with its transcript. */
  readonly readConversation: (uid: string, id: string) => Promise<OmiRead | null>;
  readonly limits: UploadLimits;
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Conversations that one instance reads at once: a long one takes up to a hundred megabytes, and the instance also receives uploads. */
const READ_AT_ONCE = 2;

interface OmiRead {
  readonly id: string;
  readonly conversation: Conversation;
  readonly segments: readonly Segment[];
}

interface OmiRoute {
  readonly method: Method;
  readonly path: RegExp;
  /** @param id the last part of the path, where the route has one */
  readonly handle: (deps: OmiDeps, req: Request, id: string) => Promise<Reply>;
}

const ROUTES: readonly OmiRoute[] = [
  { method: 'POST', path: /^\/v2\/sync-local-files\/?$/, handle: upload },
  { method: 'GET', path: /^\/v2\/sync-local-files\/([^/]+)\/?$/, handle: showJob },
  { method: 'GET', path: /^\/v1\/conversations\/([^/]+)\/?$/, handle: showConversation },
];

export function createOmiHandler(given: OmiDeps): HttpHandler {
  const { isServed, logger } = given;
  const inTurn = pLimit(READ_AT_ONCE);
  const deps: OmiDeps = { ...given, readConversation: (uid, id) => inTurn(() => given.readConversation(uid, id)) };
  const shape = { errorBody: omiProblem, errorHeaders: omiHeaders };
  return route({ name: 'omi', method: ['GET', 'POST'], logger, ...shape }, async (req) => {
    const found = isServed() ? ROUTES.find(({ path }) => path.test(req.path)) : undefined;
    if (found === undefined) throw new AppError('path_not_found');
    const method = req.method === 'HEAD' ? 'GET' : req.method;
    if (found.method !== method) throw new AppError('method_not_allowed');
    return found.handle(deps, req, found.path.exec(req.path)?.[1] ?? '');
  });
}

const queryShape = z.object({ conversation_id: REQUEST.conversationId.optional() });

async function upload({ authenticateUpload, accept, limits, now }: OmiDeps, req: Request): Promise<Reply> {
  const { uid } = await authenticateUpload(req);
  const { conversation_id: conversationId } = requireValid(queryShape, req.query);
  const { form, bytes } = readForm(req, limits);
  const fields = uploadFields({ conversation_id: conversationId });
  const { recordings, problems } = checkEach(form.files.map(fromOmi), fields, {
    nowMs: now(),
    maxRecordingBytes: limits.maxRecordingBytes,
  });
  if (recordings.length === 0) throw new AppError('invalid_recording', { details: problems });

  const sent: Upload = { uid, idempotencyKey: null, fields, recordings, rejected: problems };
  const accepted = await acceptForAnyTarget(accept, sent);
  const { jobId, job } = accepted;
  return {
    status: 202,
    body: omiStart(jobId, job),
    // A relative address is valid behind Hosting as well as at the function's own address.
    headers: { Location: req.path.endsWith('/') ? jobId : `sync-local-files/${jobId}` },
    log: { uid, jobId, files: recordings.length, rejected: problems.length, bytes },
  };
}

/**
 * Omi's app names the conversation of its live capture, which this service has never seen. So an unknown target is no error here: the
 * upload is accepted without it, and the times of the recordings decide.
 */
async function acceptForAnyTarget(accept: OmiDeps['accept'], sent: Upload): Promise<AcceptedJob> {
  try {
    return await accept(sent);
  } catch (error) {
    if (!(error instanceof AppError) || !TARGET_CODES.has(error.code)) throw error;
    return accept({ ...sent, fields: { ...sent.fields, conversationId: null } });
  }
}

const TARGET_CODES: ReadonlySet<string> = new Set(['conversation_not_found', 'conversation_of_other_device']);

async function showJob({ authenticate, jobs, now }: OmiDeps, req: Request, jobId: string): Promise<Reply> {
  const { uid } = await authenticate(req);
  const job = isDocumentId(jobId) ? await jobs.get(jobId) : null;
  // A job of another user gets the same answer as an unknown id, so that no caller learns which ids exist.
  if (job?.uid !== uid) throw new AppError('job_not_found');
  return { status: 200, body: omiJob(jobId, job, now()), log: { uid, jobId } };
}

async function showConversation({ authenticate, readConversation }: OmiDeps, req: Request, id: string): Promise<Reply> {
  const { uid } = await authenticate(req);
  const read = isDocumentId(id) ? await readConversation(uid, id) : null;
  if (read === null) throw new AppError('conversation_not_found');
  const body = omiConversation(read.id, read.conversation, read.segments);
  return { status: 200, body, log: { uid, segments: body.transcript_segments.length } };
}
