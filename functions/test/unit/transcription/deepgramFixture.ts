/** A server in Deepgram's place that gives the answers of a test, and a transcriber that sends requests to it. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { AppError } from '../../../src/errors.ts';
import { createDeepgramTranscriber } from '../../../src/transcription/deepgram.ts';
import type { DeepgramTranscriberOptions } from '../../../src/transcription/deepgram.ts';
import type { Transcriber, Transcription, TranscriptionRequest } from '../../../src/transcription/transcriber.ts';
import { speechOf } from '../../support/speech.ts';
import { recordingLogger } from '../../support/logger.ts';

export const KEY = 'key-of-the-test';
export const NOW = Date.UTC(2026, 0, 1, 12);

export const AUDIO = Buffer.from('OggS and the secret audio');

export const REQUEST: TranscriptionRequest = {
  audio: speechOf(AUDIO, 'audio/ogg'),
  durationMs: 4000,
  language: 'multi',
  preferredLanguage: null,
  keyterms: [],
};

/** A word as Deepgram writes it. */
export const HELLO = { word: 'hello', punctuated_word: 'Hello,', start: 0.5, end: 0.9, confidence: 0.98, speaker: 0 };

/** An answer of Deepgram with these words. */
export function answer(words: readonly object[], { alternative = {}, channel = {} } = {}) {
  const transcript = words.map((_, index) => `spoken${index}`).join(' ');
  return {
    metadata: { request_id: 'request-1', duration: 4, channels: 1 },
    results: { channels: [{ alternatives: [{ transcript, confidence: 1, words, ...alternative }], ...channel }] },
  };
}

export function json(status: number, body: object) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}

interface Received {
  readonly method: string | undefined;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export class DeepgramFixture {
  readonly received: Received[] = [];
  readonly logger = recordingLogger();
  respond: (response: ServerResponse) => void = json(200, answer([HELLO]));
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void buffer(request).then((body) => {
        const { method, headers } = request;
        this.received.push({ method, headers, body, url: new URL(request.url ?? '', 'http://deepgram.test') });
        this.respond(response);
      });
    });
  }

  /** Resolves to the server's address. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this.origin;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  transcriber(options: Partial<DeepgramTranscriberOptions> = {}): Transcriber {
    const { logger } = this;
    return createDeepgramTranscriber({
      apiKey: () => KEY,
      baseUrl: () => this.origin,
      now: () => NOW,
      logger,
      ...options,
    });
  }

  transcribe(
    request: Partial<TranscriptionRequest> = {},
    options: Partial<DeepgramTranscriberOptions> = {},
  ): Promise<Transcription> {
    return this.transcriber(options).transcribe({ ...REQUEST, ...request }, new AbortController().signal);
  }

  /** The AppError with which a request fails. Also checks that neither the error nor the log reveals anything. */
  async failure(
    request: Partial<TranscriptionRequest> = {},
    options: Partial<DeepgramTranscriberOptions> = {},
  ): Promise<AppError> {
    const error: unknown = await this.transcribe(request, options).then(
      () => assert.fail('it should have failed'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof AppError, inspect(error));
    const shown = inspect([error, this.logger.entries], { depth: 20, showHidden: true }).toLowerCase();
    for (const secret of [KEY, 'secret', 'hello']) assert.ok(!shown.includes(secret), `${secret}: ${shown}`);
    return error;
  }
}
