/** Expected failures. The codes, their statuses and sentences are the contract's. */
import { CATALOGUE } from 'offline-audio-sync-contract';
import type { ErrorCode, FileProblem, Remedy } from 'offline-audio-sync-contract';

export { CATALOGUE } from 'offline-audio-sync-contract';
export type { ErrorCode, FileProblem, Remedy } from 'offline-audio-sync-contract';

interface AppErrorOptions {
  /** Replaces the catalogue's sentence, if a more precise one helps. Clients see it, so never put internals in it. */
  readonly message?: string;
  readonly details?: readonly FileProblem[];
  readonly retryAfterSeconds?: number;
  /** When a retry can succeed, if that is known; Unix milliseconds. */
  readonly untilMs?: number;
  readonly cause?: unknown;
}

/** An expected failure. Every other error is a bug, which clients see only as `internal`. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: readonly FileProblem[];
  readonly retryAfterSeconds: number | undefined;
  readonly untilMs: number | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.message ?? CATALOGUE[code].message, { cause: options.cause });
    this.code = code;
    this.details = options.details ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.untilMs = options.untilMs;
  }

  get status(): number {
    return CATALOGUE[this.code].status;
  }

  get remedy(): Remedy {
    return CATALOGUE[this.code].remedy;
  }
}

export function fileProblem(file: string, code: ErrorCode, message: string = CATALOGUE[code].message): FileProblem {
  return { file, code, message };
}
