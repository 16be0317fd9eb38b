/**
 * An app that speaks to Omi's backend, written down from the public one (BasedHardware/omi, `app/lib/backend/http/api/conversations.dart`
 * and `shared.dart`): what it sends, what it looks at, and what it makes of each answer. Nothing in it knows this project but the base
 * URL that it is given.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LIMIT_MS } from './until.ts';

export interface OmiFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

interface SyncResult {
  readonly new_memories: string[];
  readonly updated_memories: string[];
  readonly failed_segments: number;
  readonly total_segments: number;
  readonly errors: string[];
}

export interface SyncStatus {
  readonly status: string;
  readonly total_segments: number;
  readonly processed_segments: number;
  readonly failed_segments: number;
  readonly result: SyncResult | null;
  readonly error: string | null;
}

export interface Memory {
  readonly id: string;
  readonly started_at: string;
  readonly structured: { readonly title: string; readonly overview: string };
  readonly transcript_segments: readonly { readonly text: string; readonly start: number; readonly end: number }[];
}

const TERMINAL = new Set(['completed', 'partial_failure', 'failed']);

export class OmiClient {
  readonly #baseUrl: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param baseUrl as `Env.apiBaseUrl`: it ends in a slash */
  constructor(baseUrl: string, idToken: string) {
    this.#baseUrl = baseUrl;
    this.#headers = {
      Authorization: `Bearer ${idToken}`,
      'X-App-Platform': 'android',
      'X-App-Version': '1.0.500+900',
      'X-Device-Id-Hash': '0a1b2c3d',
    };
  }

  /** `makeMultipartApiCall`: one part for each file, all called `files`. @returns the job's id, which the app keeps with its files. */
  async upload(files: readonly OmiFile[], conversationId?: string): Promise<string> {
    const form = new FormData();
    for (const { name, bytes } of files) {
      form.append('files', new Blob([Uint8Array.from(bytes)], { type: 'application/octet-stream' }), name);
    }
    const query = conversationId === undefined ? '' : `?conversation_id=${encodeURIComponent(conversationId)}`;
    const url = `${this.#baseUrl}v2/sync-local-files${query}`;
    const response = await fetch(url, { method: 'POST', headers: this.#headers, body: form });
    if (response.status !== 202) throw new OmiUploadError(response.status, await detailOf(response));
    const { job_id: jobId } = (await response.json()) as { job_id: string };
    return jobId;
  }

  /** `fetchSyncJobStatus` as often as `poll_after_ms` says, faster. @throws Error in the end, as the app, which waits for two minutes */
  async poll(jobId: string): Promise<SyncStatus> {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const response = await fetch(`${this.#baseUrl}v2/sync-local-files/${jobId}`, { headers: this.#headers });
      if (response.status === 404 || response.status === 403) throw new Error('Sync job not found or expired');
      if (response.status === 200) {
        const job = (await response.json()) as SyncStatus;
        if (TERMINAL.has(job.status)) return job;
      }
      if (Date.now() > deadline) throw new Error('Sync job timed out waiting for results');
      await delay(200);
    }
  }

  /** `getConversationById` */
  async conversation(id: string): Promise<Memory | null> {
    const response = await fetch(`${this.#baseUrl}v1/conversations/${id}`, { headers: this.#headers });
    return response.status === 200 ? ((await response.json()) as Memory) : null;
  }
}

export class OmiUploadError extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

async function detailOf(response: Response): Promise<string> {
  const { detail } = (await response.json()) as { detail: unknown };
  if (typeof detail !== 'string') throw new Error('The answer has no detail.');
  return detail;
}
