/** The app's side: signs in, uploads recordings, reads their jobs. */
import { setTimeout as delay } from 'node:timers/promises';
import { isFinished, JOB_STATUSES } from 'offline-audio-sync-contract';
import * as z from 'zod';

export interface User {
  readonly uid: string;
  readonly idToken: string;
}

const accountSchema = z.object({ localId: z.string(), idToken: z.string() });

/** A new user of the Auth emulator. @param authHost host:port */
export async function signUp(authHost: string, email: string): Promise<User> {
  const account = { email, password: 'correct horse battery', returnSecureToken: true };
  const { localId: uid } = accountSchema.parse(await askAuth(authHost, 'signUp', account));
  // The token of the sign-up may count as revoked: the emulator notes the second of the password after that of the sign-in.
  const { idToken } = accountSchema.parse(await askAuth(authHost, 'signInWithPassword', account));
  return { uid, idToken };
}

/** Calls a method of `accounts` in the Auth emulator. @throws Error with the answer if it is refused */
export async function askAuth(authHost: string, method: string, body: object): Promise<unknown> {
  const response = await fetch(`http://${authHost}/identitytoolkit.googleapis.com/v1/accounts:${method}?key=any`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return readJson(response);
}

const uploadSchema = z.object({ job_id: z.string(), file_count: z.number() });

const ledgerSchema = z.object({
  audio_seconds: z.number(),
  speech_seconds: z.number(),
  silent_seconds: z.number(),
  duplicate_seconds: z.number(),
  failed_seconds: z.number(),
});
export type Ledger = z.infer<typeof ledgerSchema>;

const jobSchema = z.object({
  job_id: z.string(),
  status: z.enum(JOB_STATUSES),
  percent: z.number(),
  ledger: ledgerSchema,
  new_conversation_ids: z.array(z.string()),
  updated_conversation_ids: z.array(z.string()),
  failures: z.array(z.object({ file: z.string().nullable(), code: z.string(), message: z.string() })),
  waiting_for: z.object({ reason: z.string(), message: z.string() }).nullable(),
});
export type JobView = z.infer<typeof jobSchema>;

/** `POST /v2/sync/upload`. @returns the job's id */
export async function upload(
  origin: string,
  user: User,
  files: readonly { name: string; bytes: Uint8Array }[],
  deviceId: string,
): Promise<string> {
  const form = new FormData();
  form.set('device_id', deviceId);
  for (const { name, bytes } of files) form.append('files', new File([Uint8Array.from(bytes)], name));
  const response = await fetch(`${origin}/v2/sync/upload`, { method: 'POST', headers: bearer(user), body: form });
  return uploadSchema.parse(await readJson(response)).job_id;
}

/** `GET /v2/sync/status` until the job has ended. @throws Error if it has not within `limitMs`, milliseconds. */
export async function waitForJob(
  origin: string,
  user: User,
  jobId: string,
  { limitMs, signal }: { limitMs: number; signal: AbortSignal },
): Promise<JobView> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const response = await fetch(`${origin}/v2/sync/status?job_id=${jobId}`, { headers: bearer(user), signal });
    let state = `the status cannot be read (${response.status})`;
    if (response.status < 500) {
      const job = jobSchema.parse(await readJson(response));
      if (isFinished(job.status)) return job;
      state = `it is ${job.status} (${job.percent} %)${job.waiting_for === null ? '' : `, waiting: ${job.waiting_for.message}`}`;
    }
    if (Date.now() > deadline) throw new Error(`Job ${jobId} has not ended after ${limitMs / 1000} s: ${state}.`);
    await delay(500, undefined, { signal });
  }
}

/** Names of the objects under a prefix, in the Storage emulator; as its operator. */
export async function listObjects(storageOrigin: string, bucket: string, prefix: string): Promise<string[]> {
  const response = await fetch(`${storageOrigin}/storage/v1/b/${bucket}/o?prefix=${encodeURIComponent(prefix)}`);
  const schema = z.object({ items: z.array(z.object({ name: z.string() })).default([]) });
  return schema.parse(await readJson(response)).items.map(({ name }) => name);
}

function bearer(user: User): { authorization: string } {
  return { authorization: `Bearer ${user.idToken}` };
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!response.ok) throw new Error(`${new URL(response.url).pathname}: ${response.status} ${text}`);
  return JSON.parse(text);
}
