/**
 * One instance that receives uploads: the real handlers on the server with which Google deploys functions. Storage and
 * Firestore take {@link WAIT_MS} each and no processor time. Prints its address, and ends with its parent.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Request, Response } from 'firebase-functions/v2/https';
import { onCall } from 'firebase-functions/v2/https';
import { createCreateJobCallable } from '../src/endpoints/createSyncJob.ts';
import { createUploadHandler } from '../src/endpoints/syncUpload.ts';
import '../src/http/plainBodies.ts';
import { guarded } from '../src/http/callableGuard.ts';
import type { Logger } from '../src/logger.ts';
import { acceptUpload } from '../src/upload/accept.ts';
import { UPLOAD_LIMITS } from '../src/upload/multipart.ts';
import { beginDirectUpload } from '../src/upload/direct.ts';
import type { DirectUploadDeps } from '../src/upload/direct.ts';
import { serve } from '../test/support/httpServer.ts';
import { memoryDeps } from '../test/support/uploads.ts';

const WAIT_MS = 20;

const silent = (): undefined => undefined;
const logger: Logger = { info: silent, warn: silent, error: silent };
const common = { authenticate: () => Promise.resolve({ uid: 'ann' }), logger, now: Date.now };
const upload = createUploadHandler({
  ...common,
  accept: async (each) => {
    const accepted = await acceptUpload(memoryDeps(), each);
    await wait(WAIT_MS);
    return accepted;
  },
  limits: UPLOAD_LIMITS,
});
const createJob = guarded(
  onCall(
    createCreateJobCallable({
      ...common,
      begin: (each) => beginDirectUpload(each, memoryDeps() as unknown as DirectUploadDeps),
      bucket: 'b',
      maxRecordingBytes: 1e9,
      uploadExpiryMs: 1000,
    }),
  ),
  logger,
);

const { url } = await serve('instance', (req, res) => {
  const handle = (req.path === '/upload' ? upload : createJob) as (req: Request, res: Response) => unknown;
  return handle(req as unknown as Request, res as unknown as Response);
});
console.log(url);
process.once('disconnect', () => process.exit());
