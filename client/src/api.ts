/** The server's API, typed. docs/api.md has the shapes; nothing above this file uses snake_case. */
import { ledgerFromView } from 'offline-audio-sync-contract';
import type {
  RedateRequest,
  AudioLedger,
  CallableName,
  Callables,
  FileState,
  HttpEndpoint,
  JobStatus,
  JobView,
  ReceivedErrorCode,
  UploadFieldsView,
} from 'offline-audio-sync-contract';
import type { Backend } from './backend.ts';
import { RequestError } from './errors.ts';
import { isObject, notReached, strangersAnswer } from './answer.ts';
import type { HttpAnswer } from './answer.ts';
import type { Http } from './http.ts';
import { multipartBody } from './multipart.ts';
import type { MultipartFile } from './multipart.ts';
import type { RedateOptions } from './redate.ts';
import type { UploadTarget } from './recording.ts';

/** Why a recording of a job failed. */
export interface FileFailure {
  readonly code: ReceivedErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

/** One recording of a job, as the server sees it. */
export interface JobFile {
  readonly name: string;
  readonly state: FileState;
  readonly error: FileFailure | null;
}

export interface Job {
  readonly jobId: string;
  readonly status: JobStatus;
  /** 0 to 100. */
  readonly percent: number;
  readonly files: readonly JobFile[];
  readonly ledger: AudioLedger;
  readonly newConversationIds: readonly string[];
  readonly updatedConversationIds: readonly string[];
  /** What it waits for, and until when (ISO 8601); null while it does not wait. */
  readonly waitingFor: {
    readonly reason: ReceivedErrorCode;
    readonly message: string;
    readonly until: string | null;
  } | null;
  /** ISO 8601; null before its end. */
  readonly finishedAt: string | null;
  readonly acknowledgedAt: string | null;
  /** Until then it can be read, ISO 8601. */
  readonly expiresAt: string;
}

export interface ManifestFile {
  readonly name: string;
  readonly size: number;
  /** Base64; null if it is not known. */
  readonly md5: string | null;
}

/** A job of a direct upload. */
export interface DirectJob {
  readonly jobId: string;
  readonly bucket: string;
  readonly files: readonly { readonly name: string; readonly path: string; readonly state: FileState }[];
}

export class Api {
  readonly #http: Http;
  readonly #url: string;

  constructor(http: Http, { functionsUrl, functionPrefix = '' }: Pick<Backend, 'functionsUrl' | 'functionPrefix'>) {
    this.#http = http;
    this.#url = `${functionsUrl}/${functionPrefix}`;
  }

  /** @returns the job's id. */
  async upload(
    key: string,
    target: UploadTarget,
    files: readonly MultipartFile[],
    signal: AbortSignal,
  ): Promise<string> {
    const { boundary, body } = multipartBody(formFields(target), files);
    const headers = { 'Content-Type': `multipart/form-data; boundary=${boundary}`, 'Idempotency-Key': key };
    const url = this.#endpoint('syncUpload');
    const answer = await this.#http.send({ to: 'functions', url, method: 'POST', headers, body, signal });
    return stringIn(ours(answer, answer.json), 'job_id');
  }

  async createJob(
    key: string,
    target: UploadTarget,
    files: readonly ManifestFile[],
    signal: AbortSignal,
  ): Promise<DirectJob> {
    const result = await this.call(
      'createSyncJob',
      {
        ...callFields(target),
        files: files.map(({ name, size, md5 }) => ({ name, size_bytes: size, ...(md5 === null ? {} : { md5 }) })),
        idempotency_key: key,
      },
      signal,
    );
    const created = listIn(result, 'files').map((file) => ({
      name: stringIn(file, 'name'),
      path: stringIn(file, 'path'),
      state: stringIn(file, 'state') as FileState,
    }));
    // A recording that the answer lacks would count as uploaded.
    const names = new Set(created.map(({ name }) => name));
    if (!files.every(({ name }) => names.has(name))) notOurs('files');
    return { jobId: stringIn(result, 'job_id'), bucket: stringIn(result, 'bucket'), files: created };
  }

  /** @returns null if this user has no such job, or it is deleted. */
  async job(jobId: string, signal: AbortSignal): Promise<Job | null> {
    const url = `${this.#endpoint('syncStatus')}?job_id=${encodeURIComponent(jobId)}`;
    try {
      const answer = await this.#http.send({ to: 'functions', url, method: 'GET', signal });
      return toJob(ours(answer, answer.json), jobId);
    } catch (error) {
      if (error instanceof RequestError && error.code === 'job_not_found') return null;
      throw error;
    }
  }

  /** @param jobIds at most 100. @returns the ids that are acknowledged now. */
  async acknowledge(jobIds: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const result = await this.call('acknowledgeSyncJobs', { job_ids: jobIds }, signal);
    const ids = result['acknowledged_job_ids'];
    return Array.isArray(ids) ? (ids as readonly string[]) : notOurs('acknowledged_job_ids');
  }

  async retry(jobId: string, signal: AbortSignal): Promise<void> {
    await this.call('retrySyncJob', { job_id: jobId }, signal);
  }

  async redate({ jobId, names, offsetMs, key }: RedateOptions, signal: AbortSignal): Promise<void> {
    const request: RedateRequest = {
      offset_ms: offsetMs,
      ...(jobId === undefined ? {} : { job_id: jobId }),
      ...(names === undefined ? {} : { names }),
      ...(key === undefined ? {} : { idempotency_key: key }),
    };
    await this.call('redateRecordings', request, signal);
  }

  async cancel(jobId: string, signal: AbortSignal): Promise<void> {
    await this.call('cancelSyncJob', { job_id: jobId }, signal);
  }

  #endpoint(name: HttpEndpoint | CallableName): string {
    return `${this.#url}${name}`;
  }

  /** Calls a function as Firebase's SDKs do (https://firebase.google.com/docs/functions/callable-reference), but with a time limit. */
  async call<Name extends CallableName>(
    name: Name,
    data: Callables[Name]['request'],
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const answer = await this.#http.send({
      to: 'functions',
      url: this.#endpoint(name),
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ data }),
      signal,
    });
    const result = answer.json?.['result'];
    return ours(answer, isObject(result) ? result : null);
  }
}

function formFields({
  deviceId,
  conversationId,
  clockOffsetMs,
  timeZone,
}: UploadTarget): Readonly<Record<string, string>> {
  return {
    ...(deviceId === null ? {} : { device_id: deviceId }),
    ...(conversationId === null ? {} : { conversation_id: conversationId }),
    ...(clockOffsetMs === 0 ? {} : { clock_offset_ms: String(clockOffsetMs) }),
    ...(timeZone === undefined ? {} : { time_zone: timeZone }),
  };
}

function callFields(target: UploadTarget): UploadFieldsView {
  const fields = formFields(target);
  return target.clockOffsetMs === 0 ? fields : { ...fields, clock_offset_ms: target.clockOffsetMs };
}

/** Checks that the answer is our server's: a hotel's portal answers 200 to everything. */
function ours(answer: HttpAnswer, json: HttpAnswer['json']): Readonly<Record<string, unknown>> {
  if (json !== null) return json;
  throw strangersAnswer(answer, 0);
}

function stringIn(json: Readonly<Record<string, unknown>>, key: string): string {
  const value = json[key];
  return typeof value === 'string' ? value : notOurs(key);
}

function listIn(json: Readonly<Record<string, unknown>>, key: string): readonly Readonly<Record<string, unknown>>[] {
  const value = json[key];
  return Array.isArray(value) && value.every(isObject) ? value : notOurs(key);
}

/** @throws RequestError */
function notOurs(missing: string): never {
  throw notReached('not_ours', { cause: new TypeError(`The answer has no ${missing} as our server writes it.`) });
}

/**
 * Whether this is the job that was asked for, in the shape of our server. The client deletes audio because of it, so it must not be
 * another job that a cache on the way has kept.
 */
function isJobView(json: Readonly<Record<string, unknown>>, jobId: string): boolean {
  const isListOf = (key: string, isOne: (value: unknown) => boolean): boolean => {
    const value = json[key];
    return Array.isArray(value) && value.every(isOne);
  };
  const isText = (value: unknown): boolean => typeof value === 'string';
  const isTextOrNull = (value: unknown): boolean => value === null || isText(value);
  return (
    json['job_id'] === jobId &&
    ['status', 'expires_at'].every((key) => isText(json[key])) &&
    ['finished_at', 'acknowledged_at'].every((key) => isTextOrNull(json[key])) &&
    ['new_conversation_ids', 'updated_conversation_ids'].every((key) => isListOf(key, isText)) &&
    isListOf('files', (file) => isObject(file) && isText(file['name']) && isText(file['state'])) &&
    isObject(json['ledger'])
  );
}

function toJob(json: Readonly<Record<string, unknown>>, jobId: string): Job {
  if (!isJobView(json, jobId)) notOurs('job');
  const view = json as unknown as JobView;
  const { waiting_for: waitingFor } = view;
  return {
    jobId: view.job_id,
    status: view.status,
    percent: view.percent,
    files: view.files.map(({ name, state, error }) => ({
      name,
      state,
      error: error && { code: error.code, message: error.message, retryable: error.retryable },
    })),
    ledger: ledgerFromView(view.ledger),
    newConversationIds: view.new_conversation_ids,
    updatedConversationIds: view.updated_conversation_ids,
    waitingFor: waitingFor && {
      reason: waitingFor.reason,
      message: waitingFor.message,
      until: waitingFor.until,
    },
    finishedAt: view.finished_at,
    acknowledgedAt: view.acknowledged_at,
    expiresAt: view.expires_at,
  };
}
