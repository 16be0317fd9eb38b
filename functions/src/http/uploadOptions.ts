/** How the functions are deployed to which recordings come in the body of a request: `syncUpload` and `omiApi`. */
import type { HttpsOptions } from 'firebase-functions/v2/https';
import { region } from '../config.ts';

/** Bodies are held in memory, and for a moment twice: 8 × 64 MiB fit. */
export const UPLOAD_OPTIONS = {
  region,
  invoker: 'public',
  memory: '1GiB',
  concurrency: 8,
  timeoutSeconds: 120,
} as const satisfies HttpsOptions;
