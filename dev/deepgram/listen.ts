/** `POST /v1/listen`: authorisation, misbehaviour on request, then audio in and transcript out. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Behaviours } from './behaviours.ts';
import { openAudio } from './containers.ts';
import { readBody, sendJson } from './httpJson.ts';
import type { SampleLibrary } from './library.ts';
import { AudioError } from './pcm.ts';
import { type ListenOptions, parseListenQuery, QueryError } from './query.ts';
import { recognise, recogniseChannels } from './recogniser.ts';
import type { OpenEntry, RequestLog } from './requestLog.ts';
import { errorResponse, listenResponse } from './response.ts';

export interface ListenDependencies {
  readonly library: SampleLibrary;
  readonly behaviours: Behaviours;
  readonly log: RequestLog;
  /** Ends waits when the server closes. */
  readonly signal: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Keys that are refused; all others are accepted. */
const BAD_KEYS = new Set(['', 'invalid', 'bad']);

export function listen(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  deps: ListenDependencies,
): Promise<void> {
  return deps.log.during(() => answer(request, response, url, deps));
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  deps: ListenDependencies,
): Promise<void> {
  const startedAt = new Date(); // taken before the body has arrived: a client may stop while it sends
  const body = await readBody(request);
  const entry = deps.log.open(request, response, url, body, startedAt);
  if (!isAuthorised(request)) {
    send(response, entry, refusal(entry, 401, 'no valid key'));
    return;
  }
  const behaviour = await deps.behaviours.next(entry, async () =>
    (await recognise(deps.library, await openAudio(body))).map(({ text }) => text),
  );
  if (behaviour?.held === true) await deps.behaviours.untilSet();
  if (behaviour?.delayMs !== undefined) await delay(behaviour.delayMs, undefined, { signal: deps.signal });
  if (behaviour?.hang === true) return;
  if (behaviour?.status !== undefined) {
    const headers = behaviour.retryAfter === undefined ? {} : { 'retry-after': `${behaviour.retryAfter}` };
    send(response, entry, { ...refusal(entry, behaviour.status, 'told to'), headers });
    return;
  }
  const found = await transcribe(request, url, body, entry, deps.library);
  if (behaviour?.emptyOk === true) send(response, entry, { status: 200, body: {} });
  else if (behaviour?.closeMidBody === true) cutOff(response, entry, found);
  else send(response, entry, found);
}

/** `Token <key>`, or `Bearer <key>` as the service takes it for temporary keys. */
export function isAuthorised(request: IncomingMessage): boolean {
  const [, key = ''] = /^(?:Token|Bearer) +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  return !BAD_KEYS.has(key);
}

async function transcribe(
  request: IncomingMessage,
  url: URL,
  body: Buffer,
  entry: OpenEntry,
  library: SampleLibrary,
): Promise<Answer> {
  try {
    const options = parseListenQuery(url.searchParams);
    if (request.headers['content-type']?.startsWith('application/json') === true) {
      const message = 'Content-type was application/json, but we could not process the JSON payload.';
      return refusal(entry, 400, 'JSON instead of audio; the stand-in fetches no URLs', 'Bad Request', message);
    }
    return await hear(body, options, entry, library);
  } catch (error) {
    if (error instanceof QueryError)
      return refusal(entry, 400, error.message, 'INVALID_QUERY_PARAMETER', error.message);
    if (error instanceof AudioError) return refusal(entry, 400, error.message);
    throw error;
  }
}

async function hear(body: Buffer, options: ListenOptions, entry: OpenEntry, library: SampleLibrary): Promise<Answer> {
  const audio = await openAudio(body);
  const heard = options.multichannel ? await recogniseChannels(library, audio) : [await recognise(library, audio)];
  const { seconds } = audio;
  entry.audioSeconds = seconds;
  entry.billedSeconds = seconds * heard.length;
  entry.words = heard.flat().length;
  const { requestId, sha256 } = entry;
  return { status: 200, body: listenResponse({ requestId, sha256, seconds, channels: heard }, options) };
}

function refusal(entry: OpenEntry, status: number, problem: string, code?: string, message?: string): Answer {
  entry.problem = problem;
  return { status, body: errorResponse(status, entry.requestId, code, message) };
}

function send(response: ServerResponse, entry: OpenEntry, { status, body, headers }: Answer): void {
  entry.status = status;
  sendJson(response, status, body, { ...headers, 'dg-request-id': entry.requestId });
}

function cutOff(response: ServerResponse, entry: OpenEntry, { status, body }: Answer): void {
  entry.status = status;
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.write(text.slice(0, text.length / 2), () => response.destroy());
}
