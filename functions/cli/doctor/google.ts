/** Google's REST APIs, as far as checks ask them: reading only. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import * as z from 'zod';

/** The project could not be asked: the message says why, in a sentence. */
export class NotAskedError extends Error {
  override readonly name = 'NotAskedError';
}

export interface Google {
  readonly project: string;
  /**
   * @param service first part of the API's name: `firestore` of `firestore.googleapis.com`.
   * @returns what the schema makes of the answer; null for 404.
   * @throws NotAskedError
   */
  get<T>(service: string, path: string, schema: z.ZodType<T>): Promise<T | null>;
  /** The same with a body. */
  post<T>(service: string, path: string, body: object, schema: z.ZodType<T>): Promise<T | null>;
}

const TIMEOUT_MS = 30_000;

/** @param origin of a stand-in, in tests; its first folder is the service. */
export function createGoogle(project: string, token: string, origin: string | null = null): Google {
  async function ask<T>(service: string, address: string, schema: z.ZodType<T>, body?: object): Promise<T | null> {
    const base = origin === null ? `https://${service}.googleapis.com` : `${origin}/${service}`;
    const response = await fetch(`${base}/${address}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'x-goog-user-project': project, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => {
      throw new NotAskedError(
        `${service}.googleapis.com cannot be reached: ${error instanceof Error ? error.message : ''}`,
      );
    });
    if (response.status === 404) return null;
    if (!response.ok) throw new NotAskedError(await reasonOf(service, response));
    const parsed = schema.safeParse(await response.json().catch(() => null));
    if (!parsed.success) throw new NotAskedError(`${service}.googleapis.com answered something unexpected.`);
    return parsed.data;
  }
  return {
    project,
    get: (service, address, schema) => ask(service, address, schema),
    post: (service, address, body, schema) => ask(service, address, schema, body),
  };
}

const problemSchema = z.object({ error: z.object({ message: z.string() }) });

async function reasonOf(service: string, response: Response): Promise<string> {
  const problem = problemSchema.safeParse(await response.json().catch(() => null));
  const said = problem.success ? problem.data.error.message.split('\n')[0] : '';
  return `${service}.googleapis.com: ${response.status}${said === '' ? '' : `, ${said ?? ''}`}`;
}

/** An access token of the account that is signed in by the environment, the Google Cloud CLI, or firebase-tools; null without one. */
export async function accessToken(folder: string): Promise<string | null> {
  const given = process.env['GOOGLE_OAUTH_ACCESS_TOKEN'];
  if (given !== undefined && given !== '') return given;
  return tokenOfGcloud() ?? (await tokenOfFirebaseTools(folder).catch(() => null));
}

function tokenOfGcloud(): string | null {
  try {
    const printed = execFileSync('gcloud', ['auth', 'print-access-token'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: TIMEOUT_MS,
    });
    return printed.trim() || null;
  } catch {
    return null; // It is not installed, or nobody is signed in.
  }
}

const accountSchema = z.object({ tokens: z.object({ refresh_token: z.string() }) });
const tokensSchema = z.object({ access_token: z.string() });

interface FirebaseAuth {
  readonly getGlobalDefaultAccount: () => unknown;
  readonly getAccessToken: (refreshToken: string, scopes: readonly string[]) => Promise<unknown>;
}

/** Of the firebase-tools that the project has, if it has one. */
async function tokenOfFirebaseTools(folder: string): Promise<string | null> {
  const auth = createRequire(path.join(folder, 'package.json'))('firebase-tools/lib/auth.js') as FirebaseAuth;
  const account = accountSchema.safeParse(auth.getGlobalDefaultAccount());
  if (!account.success) return null;
  const { refresh_token: refreshToken } = account.data.tokens;
  const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
  return tokensSchema.parse(await auth.getAccessToken(refreshToken, scopes)).access_token;
}
