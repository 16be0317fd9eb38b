/** Options of the functions that answer plain HTTP. Anyone may call them: their handlers check the ID token. */
import type { HttpsOptions } from 'firebase-functions/v2/https';
import { region } from '../config.ts';

/** The body with the recordings is in memory, for a moment twice: 8 × 64 MiB fit. */
export const UPLOAD_OPTIONS = {
  region,
  invoker: 'public',
  memory: '1GiB',
  concurrency: 8,
  timeoutSeconds: 120,
} as const satisfies HttpsOptions;

/** A page of jobs has megabytes if the jobs have many failures. */
export const READ_OPTIONS = {
  region,
  invoker: 'public',
  memory: '512MiB',
  concurrency: 20,
  timeoutSeconds: 30,
} as const satisfies HttpsOptions;
