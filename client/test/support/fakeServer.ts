/** The server's contract in memory, with time and faults under control, to test how the client reacts to its answers. */
import { createHash } from 'node:crypto';
import type { Backend } from '../../src/backend.ts';
import { strangerAt } from './faults.ts';
import type { NetworkFault } from './faults.ts';
import { cutShort, hang, parseMultipart, problem, status, storageFailure, view } from './fakeWire.ts';
import type { FakeFile, FakeJob } from './fakeWire.ts';
import type { VirtualClock } from './virtualClock.ts';

export const FUNCTIONS = 'https://functions.test';
export const STORAGE = 'https://storage.test';

/** What happens to a request on its way. `hang`: no answer ever comes. `failing`: our own server fails. */
export type Fault = NetworkFault | 'none' | 'hang' | 'failing';

interface Session {
  readonly path: string;
  readonly size: number;
  parts: Uint8Array[];
  state: 'active' | 'final';
}

const PROCESSING_MS = 5000;
const DELAY_MS = 300;
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('base64');

export class FakeServer {
  readonly #clock: VirtualClock;
  readonly #startedAt: number;
  readonly jobs = new Map<string, FakeJob>();
  readonly #sessions = new Map<string, Session>();
  readonly #objects = new Map<string, Uint8Array>();
  /** How many jobs transcribed each content, by its MD5. */
  readonly transcribed = new Map<string, number>();
  /** Names that are refused, with the reason. */
  readonly refused = new Map<string, string>();
  /** Names whose processing fails once: the code, and whether a retry helps. */
  readonly failing = new Map<string, { code: string; retryable: boolean }>();
  /** Faults of the next requests, in order. Later requests have none. */
  faults: Fault[] = [];
  /** Answers every request in place of the server; null if the server answers. */
  stranger: (() => Response) | null = null;
  /** The value of `Retry-After` in answers that have one. */
  retryAfterSeconds: number | string = 30;
  /** Bytes of audio in all bodies that were received, by either way. */
  audioBytes = 0;
  readonly requests: string[] = [];
  signedIn = true;
  /** Number of objects that arrive damaged; all objects of `corruptedName` do. */
  corrupted = 0;
  corruptedName = '';
  /** Whether the events of new objects are lost, until a job is created again. */
  losesEvents = false;
  maxRequestBytes = 30 * 1024 * 1024;
  /** Most bytes of the names of one job: its document has a limit. */
  maxNameBytes = Infinity;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    this.#startedAt = clock.now() - clock.monotonic();
  }

  /** The server's own clock, which is never set, Unix milliseconds. */
  #now(): number {
    return this.#startedAt + this.#clock.monotonic();
  }

  get backend(): Backend {
    return {
      functionsUrl: FUNCTIONS,
      storageUrl: STORAGE,
      idToken: () => Promise.resolve(this.signedIn ? 'token' : null),
      endedJobs: () => {
        this.#process();
        const open = [...this.jobs.values()].filter((job) => job.finishedAt !== null && job.acknowledgedAt === null);
        return Promise.resolve(open.map(({ id }) => id));
      },
    };
  }

  /** Whether the server needs no more audio of a recording. */
  isDoneWith(name: string): boolean {
    const files = [...this.jobs.values()].flatMap((job) => job.files).filter((file) => file.name === name);
    return files.some(({ state }) => state === 'transcribed' || state === 'silent' || state === 'duplicate');
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const fault = this.faults.shift() ?? 'none';
    const url = new URL(input as string);
    const headers = new Headers(init?.headers);
    this.requests.push(`${url.pathname} ${headers.get('X-Goog-Upload-Command') ?? ''}`.trim());
    if (fault === 'hang') return hang(init?.signal ?? undefined);
    if (fault === 'delayed') await this.#clock.sleep(DELAY_MS, init?.signal ?? new AbortController().signal);
    return this.#clock.during(async () => {
      const body =
        typeof init?.body === 'string' ? new TextEncoder().encode(init.body) : (init?.body as Uint8Array | undefined);
      if (this.stranger !== null) return this.stranger();
      if (fault === 'refused') throw new TypeError('fetch failed');
      if (url.pathname === '/syncUpload' || headers.get('X-Goog-Upload-Command')?.includes('upload')) {
        this.audioBytes += body?.length ?? 0;
      }
      if (fault === 'cut_request') throw new TypeError('fetch failed');
      if (fault === 'rate_limited') return problem(429, 'fair_use_restricted', { retryAfter: this.retryAfterSeconds });
      if (fault === 'busy') return problem(503, 'unavailable', { retryAfter: this.retryAfterSeconds });
      if (fault === 'failing') return url.origin === STORAGE ? storageFailure() : problem(500, 'internal');
      const stranger = strangerAt(fault);
      if (stranger !== null) return new Response(stranger.status === 204 ? null : stranger.body, stranger);
      const answer = this.#answer(url, headers, body);
      if (fault === 'doubled') this.#answer(url, headers, body);
      if (fault === 'lost_answer') throw new TypeError('fetch failed');
      return Promise.resolve(fault === 'cut_answer' ? cutShort(answer) : answer);
    });
  };

  #answer(url: URL, headers: Headers, body: Uint8Array | undefined): Response {
    this.#process();
    return url.origin === STORAGE ? this.#storage(url, headers, body) : this.#function(url, headers, body);
  }

  #function(url: URL, headers: Headers, body: Uint8Array = new Uint8Array()): Response {
    const name = url.pathname.slice(1);
    if (name === 'syncUpload') return this.#upload(headers, body);
    if (name === 'syncStatus') {
      const job = this.jobs.get(url.searchParams.get('job_id') ?? '');
      return job === undefined ? problem(404, 'job_not_found') : Response.json(view(job));
    }
    const { data } = JSON.parse(new TextDecoder().decode(body)) as { data: Record<string, unknown> };
    switch (name) {
      case 'createSyncJob':
        return this.#createJob(data);
      case 'acknowledgeSyncJobs':
        for (const id of data['job_ids'] as string[]) {
          const job = this.jobs.get(id);
          if (job !== undefined && job.finishedAt !== null) job.acknowledgedAt ??= this.#now();
        }
        return Response.json({ result: { acknowledged_job_ids: data['job_ids'] } });
      case 'retrySyncJob':
        return this.#retry(data['job_id'] as string);
      case 'cancelSyncJob': {
        const job = this.jobs.get(data['job_id'] as string);
        if (job?.finishedAt === null) this.#end(job, 'cancelled');
        return Response.json({ result: {} });
      }
      default:
        return new Response('', { status: 404 });
    }
  }

  #upload(headers: Headers, body: Uint8Array): Response {
    if (body.length > this.maxRequestBytes) return problem(413, 'payload_too_large');
    const files = parseMultipart(headers.get('Content-Type') ?? '', body);
    return this.#accept(
      headers.get('Idempotency-Key') ?? '',
      files.map(({ name, bytes }) => ({ name, size: bytes.length, md5: md5(bytes) })),
      (job) => {
        for (const file of job.files) Object.assign(file, { state: 'staged', content: file.md5 });
        this.#run(job);
      },
      (job) => Response.json({ job_id: job.id, status: job.status, file_count: files.length }, { status: 202 }),
    );
  }

  #createJob(data: Record<string, unknown>): Response {
    const files = data['files'] as { name: string; size_bytes: number; md5?: string }[];
    return this.#accept(
      data['idempotency_key'] as string,
      files.map(({ name, size_bytes: size, md5: declared }) => ({ name, size, md5: declared ?? null })),
      (job) => {
        for (const file of job.files) {
          if (file.md5 !== null && this.transcribed.has(file.md5)) file.state = 'duplicate';
        }
        this.#startIfComplete(job);
      },
      (job) =>
        Response.json({
          result: {
            job_id: job.id,
            status: job.status,
            bucket: 'bucket',
            files: job.files.map(({ name, path, state }) => ({ name, path, state })),
          },
        }),
    );
  }

  #accept(
    key: string,
    files: { name: string; size: number; md5: string | null }[],
    begin: (job: FakeJob) => void,
    answer: (job: FakeJob) => Response,
  ): Response {
    const id = createHash('sha256').update(key).digest('hex').slice(0, 20);
    const manifest = JSON.stringify(files);
    const existing = this.jobs.get(id);
    if (existing !== undefined) {
      for (const { path, state } of existing.files) if (state === 'expected') this.#arrived(path);
      return existing.manifest === manifest ? answer(existing) : problem(409, 'idempotency_conflict');
    }
    if (files.reduce((total, { name }) => total + name.length, 0) > this.maxNameBytes) {
      return problem(413, 'too_many_files');
    }
    const details = files
      .filter(({ name }) => this.refused.has(name))
      .map(({ name }) => ({ file: name, code: this.refused.get(name), message: 'No.' }));
    if (details.length > 0) return problem(400, 'invalid_recording', { details });
    if (new Set(files.map(({ name }) => name)).size < files.length) return problem(400, 'duplicate_name');
    const job: FakeJob = {
      id,
      manifest,
      files: files.map((file) => ({
        ...file,
        path: `uploads/ann/${id}/${file.name}`,
        state: 'expected',
        content: null,
        error: null,
      })),
      status: 'uploading',
      finishedAt: null,
      acknowledgedAt: null,
      due: Infinity,
    };
    this.jobs.set(id, job);
    begin(job);
    return answer(job);
  }

  #storage(url: URL, headers: Headers, body: Uint8Array = new Uint8Array()): Response {
    const command = headers.get('X-Goog-Upload-Command') ?? '';
    if (command === 'start') {
      const path = url.searchParams.get('name') ?? '';
      if (this.#objects.has(path)) return Response.json({ error: { code: 403, message: 'Denied.' } }, { status: 403 });
      const id = String(this.#sessions.size);
      const size = Number(headers.get('X-Goog-Upload-Header-Content-Length'));
      this.#sessions.set(id, { path, size, parts: [], state: 'active' });
      return status('active', { 'X-Goog-Upload-URL': `${STORAGE}/session?id=${id}` });
    }
    const session = this.#sessions.get(url.searchParams.get('id') ?? '');
    if (session === undefined) return new Response('', { status: 404 });
    const received = session.parts.reduce((total, { length }) => total + length, 0);
    if (command === 'query') return status(session.state, { 'X-Goog-Upload-Size-Received': String(received) });
    if (session.state !== 'active' || Number(headers.get('X-Goog-Upload-Offset')) !== received) {
      return new Response('', { status: 400 });
    }
    session.parts.push(body);
    if (!command.includes('finalize')) return status('active');
    session.state = 'final';
    const bytes = new Uint8Array(Buffer.concat(session.parts));
    if (this.corrupted > 0 || session.path.endsWith(`/${this.corruptedName}`)) {
      this.corrupted -= 1;
      bytes[0] = (bytes[0] ?? 0) ^ 1;
    }
    this.#objects.set(session.path, bytes);
    if (!this.losesEvents) this.#arrived(session.path);
    return status('final');
  }

  /** Forgets all uploads in progress, as Storage does after a week. */
  expireSessions(): void {
    this.#sessions.clear();
  }

  /** Does what the event of a new object does. */
  #arrived(path: string): void {
    const [, , jobId = ''] = path.split('/');
    const bytes = this.#objects.get(path);
    if (bytes === undefined) return;
    const job = this.jobs.get(jobId);
    const file = job?.files.find((candidate) => candidate.path === path);
    if (job?.status !== 'uploading' || file === undefined) return;
    const content = md5(bytes);
    if (bytes.length !== file.size || (file.md5 !== null && file.md5 !== content)) {
      this.#objects.delete(path);
      file.error = { code: 'upload_mismatch', message: 'Not what was declared.', retryable: true };
      return;
    }
    Object.assign(file, { state: 'staged', content, error: null });
    this.#startIfComplete(job);
  }

  #startIfComplete(job: FakeJob): void {
    if (job.files.every(({ state }) => state !== 'expected')) this.#run(job);
  }

  #run(job: FakeJob): void {
    job.status = 'pending';
    job.due = this.#now() + PROCESSING_MS / 2;
  }

  #retry(id: string): Response {
    const job = this.jobs.get(id);
    if (job === undefined) return problem(404, 'job_not_found');
    const failed = job.files.filter(({ error }) => error?.retryable === true);
    if (failed.length === 0) return problem(409, 'job_not_retryable');
    for (const file of failed) Object.assign(file, { state: 'staged', error: null });
    Object.assign(job, { finishedAt: null, acknowledgedAt: null });
    this.#run(job);
    return Response.json({ result: {} });
  }

  /** Brings all jobs up to date. */
  #process(): void {
    for (const job of this.jobs.values()) {
      if (job.due > this.#now()) continue;
      if (job.status === 'pending') {
        job.status = 'processing';
        job.due += PROCESSING_MS / 2;
      }
      if (job.status === 'processing' && job.due <= this.#now()) {
        for (const file of job.files) if (file.state === 'staged') this.#transcribe(file);
        this.#end(job, job.files.some(({ state }) => state === 'failed') ? 'partial' : 'completed');
      }
    }
  }

  #transcribe(file: FakeFile): void {
    const content = file.content ?? '';
    const failure = this.failing.get(file.name);
    if (failure !== undefined) {
      this.failing.delete(file.name);
      Object.assign(file, { state: 'failed', error: { ...failure, message: 'It failed.' } });
    } else if (this.transcribed.has(content)) {
      file.state = 'duplicate';
    } else {
      this.transcribed.set(content, 1);
      file.state = 'transcribed';
    }
  }

  #end(job: FakeJob, ending: string): void {
    job.status = ending;
    job.finishedAt = this.#now();
    job.due = Infinity;
    for (const file of job.files) {
      if (file.state !== 'expected' && file.state !== 'staged') continue;
      Object.assign(file, {
        state: 'failed',
        error: { code: `job_${ending}`, message: 'It ended.', retryable: false },
      });
    }
  }
}
