/** How the functions are deployed that answer plain HTTP. Anybody may call them: their handlers check the ID token. */
import type { HttpsOptions } from 'firebase-functions/v2/https';
import { region } from '../config.ts';

/** Recordings come in the body, which is held in memory, for a moment twice: 8 × 64 MiB fit. */
export const UPLOAD_OPTIONS = {
  region,
  invoker: 'public',
  memory: '1GiB',
  concurrency: 8,
  timeoutSeconds: 120,
} as const satisfies HttpsOptions;

/** A page of jobs is megabytes where jobs have hundreds of failures. */
export const READ_OPTIONS = {
  region,
  invoker: 'public',
  memory: '512MiB',
  concurrency: 20,
  timeoutSeconds: 30,
} as const satisfies HttpsOptions;
