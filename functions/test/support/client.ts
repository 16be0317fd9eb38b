/** Calls the HTTP API as an app does. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CallableProblem } from 'offline-audio-sync-contract';
import type { JobListView, JobView, UploadView } from 'offline-audio-sync-contract';
import { Answer } from './http.ts';
import { db, functionUrl, HOSTING_ORIGIN } from './suite.ts';
import { LIMIT_MS } from './until.ts';

export interface UploadOptions {
  readonly deviceId?: string;
  readonly conversationId?: string;
  readonly clockOffsetMs?: number;
  readonly idempotencyKey?: string;
}

export interface RecordingFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Any request, straight to a function. */
export async function send<Body>(name: string, init: RequestInit = {}, query = ''): Promise<Answer<Body>> {
  return answerOf(await fetch(`${functionUrl(name)}${query}`, init));
}

export function bearer(idToken: string): Record<string, string> {
  return { Authorization: `Bearer ${idToken}` };
}

/** `POST /v2/sync/upload` through Hosting, as an app does. */
export async function uploadFiles(
  idToken: string,
  files: readonly RecordingFile[],
  options: UploadOptions = {},
): Promise<Answer<UploadView>> {
  const { deviceId, conversationId, clockOffsetMs, idempotencyKey } = options;
  const form = new FormData();
  if (deviceId !== undefined) form.set('device_id', deviceId);
  if (conversationId !== undefined) form.set('conversation_id', conversationId);
  if (clockOffsetMs !== undefined) form.set('clock_offset_ms', String(clockOffsetMs));
  for (const { name, bytes } of files) form.append('files', new File([Uint8Array.from(bytes)], name));
  const headers = {
    ...bearer(idToken),
    ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
  };
  return answerOf(await fetch(`${HOSTING_ORIGIN}/v2/sync/upload`, { method: 'POST', headers, body: form }));
}

/** `GET /v2/sync/status` through Hosting. */
export async function getStatus(idToken: string, jobId: string): Promise<Answer<JobView>> {
  return answerOf(await fetch(`${HOSTING_ORIGIN}/v2/sync/status?job_id=${jobId}`, { headers: bearer(idToken) }));
}

/** `GET /v2/sync/jobs` through Hosting. @param query as in `?status=completed&limit=5` */
export async function listJobs(idToken: string, query = ''): Promise<Answer<JobListView>> {
  return answerOf(await fetch(`${HOSTING_ORIGIN}/v2/sync/jobs${query}`, { headers: bearer(idToken) }));
}

const ENDED = new Set(['completed', 'partial', 'failed', 'cancelled']);

export function hasEnded({ status }: JobView): boolean {
  return ENDED.has(status);
}

/** How long to wait between two requests while nothing is written, milliseconds. Changes that only time causes are seen that late. */
const QUIET_MS = 2000;

/**
 * Requests the job after each write to it, until it is as wanted. An answer of the emulators takes some 30 ms of a processor, so
 * requests without a pause would slow down the jobs.
 * @throws Error after `limitMs`, milliseconds.
 */
export async function waitForJob(
  idToken: string,
  jobId: string,
  isAsWanted: (job: JobView) => boolean = hasEnded,
  limitMs = LIMIT_MS,
): Promise<JobView> {
  const deadline = Date.now() + limitMs;
  let onWritten: () => void = () => undefined;
  const stop = db.doc(`offline_sync_jobs/${jobId}`).onSnapshot(() => {
    onWritten();
  });
  try {
    for (;;) {
      // Before the request, because the answer may not have what is written meanwhile.
      const written = new Promise<void>((resolve) => (onWritten = resolve));
      const { status, body } = await getStatus(idToken, jobId);
      if (status === 200 && isAsWanted(body)) return body;
      if (Date.now() > deadline) throw new Error(`After ${String(limitMs)} ms the job is: ${JSON.stringify(body)}`);
      await Promise.race([written, delay(QUIET_MS, undefined, { ref: false })]);
    }
  } finally {
    stop();
  }
}

async function answerOf<Body>(response: Response): Promise<Answer<Body>> {
  const text = await response.text();
  try {
    return new Answer(response.status, response.headers, text === '' ? null : JSON.parse(text));
  } catch {
    throw new Error(`${String(response.status)} with a body that is no JSON: ${text.slice(0, 200)}`);
  }
}

/** The answer of a callable: one of the two. */
export interface CallAnswer<View> {
  readonly result?: View;
  readonly error?: { readonly status: string; readonly message: string; readonly details?: CallableProblem };
}

/** Calls a callable as Firebase's SDKs do: https://firebase.google.com/docs/functions/callable-reference */
export async function callFunction<View>(
  idToken: string | null,
  name: string,
  data: unknown,
): Promise<Answer<CallAnswer<View>>> {
  const headers = { 'Content-Type': 'application/json', ...(idToken === null ? {} : bearer(idToken)) };
  return send(name, { method: 'POST', headers, body: JSON.stringify({ data }) });
}
