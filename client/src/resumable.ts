/**
 * Uploads one object to Storage, in pieces, by the protocol of Firebase's SDKs (`X-Goog-Upload-*`). `uploadBytesResumable` resumes only
 * within its process; here the caller keeps the address of the upload, so that another process can continue it.
 */
import { notReached, strangersAnswer } from './answer.ts';
import type { HttpAnswer } from './answer.ts';
import { backOffMs } from './backoff.ts';
import { RequestError } from './errors.ts';
import type { Http } from './http.ts';
import { stopped } from './time.ts';
import type { Clock } from './time.ts';

export interface ResumableOptions {
  readonly http: Http;
  readonly storageUrl: string;
  readonly clock: Clock;
  readonly random: () => number;
}

export interface ResumableUpload {
  readonly bucket: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The address of an upload that an earlier process has begun; null to begin one. */
  readonly session: string | null;
  /** Called, and awaited, before the first byte of a new session is sent. */
  onSession(url: string): Promise<void>;
  /** Bytes that Storage has. */
  onProgress(received: number): void;
}

/** The protocol requires that all pieces but the last are a multiple of this, bytes. */
const GRANULARITY = 256 * 1024;
const LARGEST_PIECE = 32 * GRANULARITY;
/** A large object is sent in this many pieces, because an interruption costs one piece. */
const PIECES = 32;
/** Attempts in a row without any progress. */
const ATTEMPTS = 4;

/** Bytes of each piece of an object but the last. @param largest what the network takes in one request, bytes. */
export function pieceSize(size: number, largest: number = LARGEST_PIECE): number {
  const most = Math.max(GRANULARITY, largest - (largest % GRANULARITY));
  return Math.min(most, Math.max(1, Math.ceil(size / PIECES / GRANULARITY)) * GRANULARITY);
}

const REFUSED = 'Storage takes no object at this path: it is there already, or the rules forbid it.';

/** The state of an upload. */
type Position =
  | { readonly kind: 'at'; readonly offset: number }
  | { readonly kind: 'final' }
  | { readonly kind: 'gone' };

/**
 * Resolves when Storage says that the object is complete. Only the server can tell whether the object was accepted, because an object
 * that the rules refuse ends its session too.
 * @throws RequestError if it fails: `refused` is permanent, everything else may succeed later; SyncError `disposed` once the signal
 * aborts.
 */
export async function uploadResumable(
  { http, storageUrl, clock, random }: ResumableOptions,
  upload: ResumableUpload,
  signal: AbortSignal,
): Promise<void> {
  let { session } = upload;
  /** Null if Storage must be asked for it. */
  let position: Position | null = session === null ? { kind: 'gone' } : null;
  let failures = 0;
  /** Answers in a row by which Storage does not know the session. */
  let denials = 0;
  /** The most that Storage has taken, bytes. */
  let furthest = 0;
  let largestPiece = LARGEST_PIECE;

  for (;;) {
    try {
      if (session === null || position?.kind === 'gone') {
        session = await begin(http, storageUrl, upload, signal);
        await upload.onSession(session);
        position = { kind: 'at', offset: 0 };
      }
      position ??= await query(http, session, upload.size, signal);
      if (position.kind === 'final') return;
      if (position.kind === 'gone') continue;
      upload.onProgress(position.offset);
      position = await send(http, session, upload, { offset: position.offset, largestPiece }, signal);
      if (position.kind === 'final') return;
      if (position.offset > furthest) failures = 0;
      furthest = Math.max(furthest, position.offset);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      if (error.kind === 'refused' && error.status === 403)
        throw new RequestError('refused', 'upload_refused', REFUSED, { status: 403, cause: error });
      if (!isPassing(error)) throw error;
      const tried = pieceSize(upload.size, largestPiece);
      if (error.code === 'too_large_for_network' && tried > GRANULARITY) largestPiece = tried / 2;
      else failures += 1;
      if (failures >= ATTEMPTS) throw error;
      // The answer has no body that proves that it is Storage's. So it counts only the second time, or if a new session can be begun.
      denials = position === null && [400, 404, 410].includes(error.status) ? denials + 1 : 0;
      position = session === null || denials > 1 ? { kind: 'gone' } : null;
      await clock.sleep(backOffMs(Math.max(1, failures), random()), signal);
      if (signal.aborted) throw stopped();
    }
  }
}

/** Whether the upload may continue. `server`: Storage is down. 400: Storage expects another offset, so it is asked for it. */
function isPassing({ kind, status }: RequestError): boolean {
  return kind === 'network' || kind === 'server' || status === 400;
}

async function begin(
  http: Http,
  storageUrl: string,
  { bucket, path, size }: ResumableUpload,
  signal: AbortSignal,
): Promise<string> {
  const answer = await http.send({
    to: 'storage',
    url: `${storageUrl}/v0/b/${bucket}/o?name=${encodeURIComponent(path)}`,
    method: 'POST',
    headers: {
      'X-Goog-Upload-Protocol': 'resumable',
      'X-Goog-Upload-Command': 'start',
      'X-Goog-Upload-Header-Content-Length': String(size),
      'X-Goog-Upload-Header-Content-Type': 'application/octet-stream',
      'Content-Type': 'application/json; charset=utf-8',
    },
    body: JSON.stringify({ name: path, contentType: 'application/octet-stream' }),
    signal,
  });
  return headerOf(answer, 'X-Goog-Upload-URL');
}

async function query(http: Http, session: string, size: number, signal: AbortSignal): Promise<Position> {
  const headers = { 'X-Goog-Upload-Command': 'query' };
  const answer = await http.send({ to: 'storage', url: session, method: 'POST', headers, signal });
  const state = headerOf(answer, 'X-Goog-Upload-Status');
  if (state === 'final') return { kind: 'final' };
  const offset = Number(headerOf(answer, 'X-Goog-Upload-Size-Received'));
  const isThere = Number.isInteger(offset) && offset >= 0 && offset <= size;
  return state === 'active' && isThere ? { kind: 'at', offset } : { kind: 'gone' };
}

async function send(
  http: Http,
  session: string,
  upload: ResumableUpload,
  { offset, largestPiece }: { readonly offset: number; readonly largestPiece: number },
  signal: AbortSignal,
): Promise<Exclude<Position, { kind: 'gone' }>> {
  const end = Math.min(upload.size, offset + pieceSize(upload.size, largestPiece));
  const isLast = end === upload.size;
  const answer = await http.send({
    to: 'storage',
    url: session,
    method: 'POST',
    headers: {
      'X-Goog-Upload-Command': isLast ? 'upload, finalize' : 'upload',
      'X-Goog-Upload-Offset': String(offset),
    },
    body: await upload.read(offset, end),
    signal,
  });
  upload.onProgress(end);
  const state = headerOf(answer, 'X-Goog-Upload-Status');
  if (state === 'final') return { kind: 'final' };
  // Everything was sent, but Storage waits for more. Its position is in the answer to the next query.
  if (isLast) throw notReached('not_ours');
  return { kind: 'at', offset: end };
}

function headerOf(answer: HttpAnswer, name: string): string {
  const value = answer.headers.get(name);
  if (value !== null && value !== '') return value;
  throw strangersAnswer(answer, 0);
}
