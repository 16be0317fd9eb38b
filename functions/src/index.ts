/** The deployed functions: the table of contents. What they are made of is in `wiring.ts`. */
import { onRequest } from 'firebase-functions/v2/https';
import { setGlobalOptions } from 'firebase-functions/v2/options';
import { REGION } from './config.ts';

setGlobalOptions({ region: REGION });

const wiring = () => import('./wiring.ts');

/** `POST /v2/sync/upload`. Bodies are held in memory, and received twice over for a moment: 8 × 64 MiB fit. */
export const syncUpload = onRequest(
  { invoker: 'public', memory: '1GiB', concurrency: 8, timeoutSeconds: 120 },
  async (req, res) => (await wiring()).syncUpload(req, res),
);

/** `GET /v2/sync/status` */
export const syncStatus = onRequest(
  { invoker: 'public', memory: '512MiB', concurrency: 80, timeoutSeconds: 30 },
  async (req, res) => (await wiring()).syncStatus(req, res),
);

/** `GET /v2/sync/jobs` */
export const syncJobs = onRequest(
  { invoker: 'public', memory: '512MiB', concurrency: 20, timeoutSeconds: 30 },
  async (req, res) => (await wiring()).syncJobs(req, res),
);
