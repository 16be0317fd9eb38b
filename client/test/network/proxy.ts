/** A bad network between one client and the suite: it loses, cuts, delays, repeats and refuses requests, and counts them. */
import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server as TcpServer, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../../functions/test/crash/random.ts';
import { NETWORK_FAULTS, strangerAt } from '../support/faults.ts';
import type { NetworkFault } from '../support/faults.ts';

export interface ProxyOptions {
  /** Origin of the functions, without a path. */
  readonly functions: string;
  readonly storage: string;
  /** host:port */
  readonly firestore: string;
  readonly random: Random;
  /** Probability of a fault in a request, 0 to 1. */
  readonly faultRate: number;
  /** Which requests break off, in addition to the faults. Default: none. */
  readonly interrupts?: (request: AudioRequest) => boolean;
}

/** One request with audio. */
export interface AudioRequest {
  readonly kind: 'multipart' | 'piece';
  /** The Idempotency-Key of a multipart request, or the path of an object. */
  readonly id: string;
  /** Unix milliseconds. */
  readonly atMs: number;
  /** Body bytes that arrived at the proxy. */
  bytes: number;
  /** Offset of a piece within its object. */
  readonly offset: number;
  /** Names of the recordings in a multipart request that arrived whole. */
  names: readonly string[];
  /** Whether Storage or the server accepted it. */
  wasTaken: boolean;
  /** Whether the client received the answer that says so. */
  wasAnswered: boolean;
}

/** States of a recording in which the server needs no more audio of it. */
export const DONE: ReadonlySet<string> = new Set(['transcribed', 'silent', 'duplicate']);

const RETRY_AFTER_SECONDS = 1;
/** Asks Storage how much it has before a piece is passed on, because the emulator accepts any offset. */
const QUERY = { 'x-goog-upload-command': 'query' };

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export class FaultyProxy {
  readonly #options: ProxyOptions;
  readonly #http: Server;
  readonly #tcp: TcpServer;
  readonly #sockets = new Set<Socket>();
  readonly audio: AudioRequest[] = [];
  readonly faults = new Map<NetworkFault, number>();
  /** When the server first reported a recording as done, Unix milliseconds. */
  readonly done = new Map<string, number>();
  /** The last request of each upload. Pieces of one upload are passed on one after another. */
  readonly #uploads = new Map<string, Promise<unknown>>();

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#http = createServer((req, res) => {
      this.#pass(req, res).catch(() => res.destroy());
    });
    // A process that stands still for a while must not find its connections closed: that would be a fault that is not counted.
    this.#http.keepAliveTimeout = 0;
    this.#tcp = createTcpServer((socket) => {
      this.#tunnel(socket);
    });
  }

  /** @returns the origins for the client */
  async listen(): Promise<{ readonly http: string; readonly firestore: string }> {
    const ports: number[] = [];
    for (const server of [this.#http, this.#tcp]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      ports.push((server.address() as AddressInfo).port);
    }
    return { http: `http://127.0.0.1:${ports[0]}`, firestore: `127.0.0.1:${ports[1]}` };
  }

  close(): void {
    this.#http.closeAllConnections();
    this.#http.close();
    this.#tcp.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #pass(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { random, faultRate, interrupts } = this.#options;
    const fault = random.chance(faultRate) ? random.pick(NETWORK_FAULTS) : null;
    if (fault !== null) this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
    if (fault === 'refused') {
      req.socket.destroy();
      return;
    }
    const audio = audioRequest(req);
    if (audio !== null) this.audio.push(audio);
    const body = await this.#receive(
      req,
      audio,
      fault === 'cut_request' || (audio !== null && interrupts?.(audio) === true),
    );
    if (body === null) {
      res.destroy();
      return;
    }
    if (audio?.kind === 'multipart') audio.names = namesIn(body);
    if (fault === 'delayed') await delay(50 + random.below(400));
    const answer = refusal(fault) ?? (await this.#serialised(req, body, audio, fault === 'doubled'));
    const isWhole = await this.#reply(res, answer, fault);
    if (audio !== null) audio.wasAnswered = isWhole && answer.status < 300 && strangerAt(fault) === null;
  }

  /** @returns null if the request broke off, by a fault or because the client is gone */
  async #receive(req: IncomingMessage, audio: AudioRequest | null, isCut: boolean): Promise<Buffer | null> {
    const length = Number(req.headers['content-length'] ?? 0);
    const limit = isCut ? this.#options.random.below(length + 1) : Infinity;
    const parts: Buffer[] = [];
    let received = 0;
    try {
      for await (const part of req as AsyncIterable<Buffer>) {
        received += part.length;
        if (audio !== null) audio.bytes = Math.min(received, limit);
        if (received >= limit) break;
        parts.push(part);
      }
    } catch {
      return null;
    }
    return isCut ? null : Buffer.concat(parts);
  }

  /** Passes on the pieces of one object in order, and only at the offset that Storage has reached. */
  #serialised(req: IncomingMessage, body: Buffer, audio: AudioRequest | null, isDoubled: boolean): Promise<Answer> {
    const work = async (): Promise<Answer> => {
      const first = await this.#forward(req, body, audio);
      return isDoubled && this.#options.random.chance(0.5) ? this.#forward(req, body, audio) : first;
    };
    if (audio?.kind !== 'piece') return work();
    const result = (this.#uploads.get(audio.id) ?? Promise.resolve()).then(work);
    this.#uploads.set(
      audio.id,
      result.catch(() => undefined),
    );
    return result;
  }

  async #forward(req: IncomingMessage, body: Buffer, audio: AudioRequest | null): Promise<Answer> {
    const origin = req.url?.startsWith('/v0/') === true ? this.#options.storage : this.#options.functions;
    if (audio?.kind === 'piece') {
      const at = await send(origin, req, Buffer.alloc(0), QUERY);
      const isRight = Number(at.headers['x-goog-upload-size-received']) === audio.offset;
      if (at.headers['x-goog-upload-status'] === 'active' && !isRight) {
        return { status: 400, headers: {}, body: Buffer.from('The offset is another one.') };
      }
    }
    const answer = await send(origin, req, body);
    if (audio !== null && answer.status < 300) audio.wasTaken = true;
    if (req.url?.includes('/syncStatus') === true && answer.status === 200) this.#note(answer.body);
    return answer;
  }

  #note(body: Buffer): void {
    const { files } = JSON.parse(body.toString()) as { files: { name: string; state: string }[] };
    for (const { name, state } of files) {
      if (DONE.has(state) && !this.done.has(name)) this.done.set(name, Date.now());
    }
  }

  /** @returns whether the whole answer was sent */
  async #reply(res: ServerResponse, { status, headers, body }: Answer, fault: NetworkFault | null): Promise<boolean> {
    const { random } = this.#options;
    // The client may have given up meanwhile. Node reports what is written to a closed connection as finished, too.
    if (fault === 'lost_answer' || res.destroyed) {
      res.destroy();
      return false;
    }
    const { connection: _, 'transfer-encoding': __, 'content-length': ___, ...rest } = headers;
    res.writeHead(status, { ...rest, 'Content-Length': body.length });
    if (fault === 'cut_answer' && body.length > 0) {
      res.write(body.subarray(0, random.below(body.length)));
      await delay(5);
      res.destroy();
      return false;
    }
    res.end(body);
    if (!res.writableFinished) await Promise.race([once(res, 'finish'), once(res, 'close')]);
    return res.writableFinished;
  }

  /** Passes on the connections of Firestore's listeners, which may break off. */
  #tunnel(socket: Socket): void {
    const { firestore, random, faultRate } = this.#options;
    const [host = '', port = ''] = firestore.split(':');
    const upstream = connect(Number(port), host);
    for (const end of [socket, upstream]) {
      this.#sockets.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        socket.destroy();
        upstream.destroy();
        this.#sockets.delete(end);
      });
    }
    socket.pipe(upstream).pipe(socket);
    if (random.chance(faultRate)) setTimeout(() => socket.destroy(), 200 + random.below(3000)).unref();
  }
}

function audioRequest({ url = '', headers }: IncomingMessage): AudioRequest | null {
  const nothing = { atMs: Date.now(), names: [], bytes: 0, wasTaken: false, wasAnswered: false };
  if (url.endsWith('/syncUpload')) {
    return { kind: 'multipart', id: String(headers['idempotency-key']), offset: 0, ...nothing };
  }
  if (!String(headers['x-goog-upload-command']).includes('upload')) return null;
  const id = new URL(url, 'http://any').searchParams.get('name') ?? '';
  return { kind: 'piece', id, offset: Number(headers['x-goog-upload-offset']), ...nothing };
}

function namesIn(body: Buffer): string[] {
  return [...body.toString('latin1').matchAll(/filename="([^"]*)"/g)].map(([, name = '']) => name);
}

function refusal(fault: NetworkFault | null): Answer | null {
  const json = (status: number, code: string): Answer => ({
    status,
    headers: { 'content-type': 'application/json', 'retry-after': String(RETRY_AFTER_SECONDS) },
    body: Buffer.from(JSON.stringify({ error: { code, message: 'Not now.', details: [] } })),
  });
  if (fault === 'rate_limited') return json(429, 'fair_use_restricted');
  if (fault === 'busy') return json(503, 'unavailable');
  const stranger = strangerAt(fault);
  return stranger === null ? null : { ...stranger, body: Buffer.from(stranger.body) };
}

/** Passes a request on with the host that the client called, because Storage builds addresses from it. */
async function send(
  origin: string,
  { url, method, headers }: IncomingMessage,
  body: Buffer,
  change: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...kept } = headers;
  const upstream = forward(`${origin}${url ?? ''}`, {
    method,
    headers: { ...kept, ...change, 'content-length': body.length },
    agent: false, // a connection of its own
  });
  upstream.end(body);
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of answer as AsyncIterable<Buffer>) parts.push(part);
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: Buffer.concat(parts) };
}
