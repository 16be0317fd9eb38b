/** The state of the server in memory, and the form of its answers. */
import type { FileState } from 'offline-audio-sync-contract';

export interface FakeFile {
  readonly name: string;
  readonly size: number;
  readonly md5: string | null;
  readonly path: string;
  state: FileState;
  content: string | null;
  error: { code: string; message: string; retryable: boolean } | null;
}

export interface FakeJob {
  readonly id: string;
  readonly manifest: string;
  readonly files: FakeFile[];
  status: string;
  finishedAt: number | null;
  acknowledgedAt: number | null;
  /** When the job continues. */
  due: number;
}

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

export function view(job: FakeJob) {
  const ledger = { audio_seconds: 0, speech_seconds: 0, silent_seconds: 0, duplicate_seconds: 0, failed_seconds: 0 };
  return {
    job_id: job.id,
    status: job.status,
    percent: job.finishedAt === null ? 0 : 100,
    files: job.files.map(({ name, state, error }) => ({ name, state, error })),
    ledger,
    new_conversation_ids: [],
    updated_conversation_ids: [],
    waiting_for: null,
    finished_at: iso(job.finishedAt),
    acknowledged_at: iso(job.acknowledgedAt),
    expires_at: iso((job.finishedAt ?? 0) + 7 * 24 * 3600_000),
  };
}

export function problem(
  code: number,
  name: string,
  { details = [], retryAfter }: { details?: object[]; retryAfter?: number | string } = {},
) {
  const headers = retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) };
  return Response.json({ error: { code: name, message: `This is ${name}.`, details } }, { status: code, headers });
}

export function status(state: string, headers: Record<string, string> = {}): Response {
  return new Response('', { status: 200, headers: { 'X-Goog-Upload-Status': state, ...headers } });
}

export function storageFailure(): Response {
  return Response.json({ error: { code: 503, message: 'Backend error.' } }, { status: 503 });
}

export function hang(signal: AbortSignal | undefined): Promise<Response> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new TypeError('aborted'));
    });
  });
}

/** An answer whose connection breaks off before the end of its body. */
export function cutShort({ status: code, headers }: Response): Response {
  const body = new ReadableStream({
    start: (controller) => {
      controller.error(new TypeError('terminated'));
    },
  });
  return new Response(body, { status: code, headers });
}

/** The part of RFC 7578 that the client uses. */
export function parseMultipart(contentType: string, body: Uint8Array): { name: string; bytes: Uint8Array }[] {
  const boundary = /boundary=(.*)$/.exec(contentType)?.[1] ?? '';
  const text = Buffer.from(body).toString('latin1');
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .flatMap((part) => {
      const end = part.indexOf('\r\n\r\n');
      const name = /filename="(.*?)"/.exec(part.slice(0, end))?.[1];
      if (name === undefined) return [];
      return [{ name: Buffer.from(name, 'latin1').toString(), bytes: Buffer.from(part.slice(end + 4, -2), 'latin1') }];
    });
}
