import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { Agent } from 'undici';
import { closeAfterEach } from '../../../../dev/test/closing.ts';
import { AppError } from '../../../src/errors.ts';
import { createOpenAiTranscriber } from '../../../src/transcription/openai.ts';
import type { OpenAiSettings } from '../../../src/transcription/openai.ts';
import type { TranscriptionRequest } from '../../../src/transcription/transcriber.ts';
import { recordingLogger } from '../../support/logger.ts';
import { speechOf } from '../../support/speech.ts';

const KEY = 'key-of-the-test';
/** The symbol under which Node keeps the dispatcher of its fetch. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

const AUDIO = Buffer.from('OggS and the secret audio');

const REQUEST: TranscriptionRequest = {
  audio: speechOf(AUDIO, 'audio/ogg'),
  durationMs: 4000,
  language: 'multi',
  preferredLanguage: null,
  keyterms: [],
};

const ANSWER = {
  task: 'transcribe',
  language: 'english',
  duration: 4,
  text: 'Hello, there.',
  words: [
    { word: 'Hello,', start: 0.5, end: 0.9 },
    { word: ' there.', start: 1, end: 1.4 },
  ],
  segments: [{ id: 0, start: 0.5, end: 1.4, avg_logprob: Math.log(0.8) }],
};

interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly form: FormData;
}

/** A service like OpenAI's that gives the answers of a test. */
class OpenAiFixture {
  readonly received: Received[] = [];
  readonly logger = recordingLogger();
  respond: (response: ServerResponse) => void = json(200, ANSWER);
  readonly #server: Server = createServer((request, response) => {
    void (async () => {
      const { method, url, headers } = request;
      const body = new Uint8Array(await buffer(request));
      const type = { 'content-type': headers['content-type'] ?? '' };
      this.received.push({ method, path: url, headers, form: await new Response(body, { headers: type }).formData() });
      this.respond(response);
    })();
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  transcribe(request: Partial<TranscriptionRequest> = {}, settings: Partial<OpenAiSettings> = {}, timeoutMs = 60_000) {
    const given = { baseUrl: `${this.origin}/v1/`, model: 'whisper-1', apiKey: KEY, ...settings };
    const { logger } = this;
    const transcriber = createOpenAiTranscriber({ settings: () => given, logger, timeoutMs, now: () => 0 });
    return transcriber.transcribe({ ...REQUEST, ...request }, new AbortController().signal);
  }

  /** The AppError with which a request fails. Also checks that neither the error nor the log reveals anything. */
  async failure(settings: Partial<OpenAiSettings> = {}, timeoutMs?: number): Promise<AppError> {
    const error: unknown = await this.transcribe({}, settings, timeoutMs).then(
      () => assert.fail('it should have failed'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof AppError, inspect(error));
    const shown = inspect([error, this.logger.entries], { depth: 20, showHidden: true }).toLowerCase();
    for (const secret of [KEY, 'secret', 'hello']) assert.ok(!shown.includes(secret), `${secret}: ${shown}`);
    return error;
  }
}

function json(status: number, body: object, headers: Record<string, string> = {}) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

describe('the OpenAI-compatible transcriber', () => {
  let openai: OpenAiFixture;
  const closing = closeAfterEach();
  beforeEach(async () => {
    openai = closing(new OpenAiFixture(), (it) => it.stop());
    await openai.start();
  });

  it('sends the audio as a file with its type, and every field that it needs, and no other', async () => {
    await openai.transcribe();
    const [{ method, path, headers, form }] = openai.received as [Received];
    assert.deepEqual([method, path], ['POST', '/v1/audio/transcriptions']);
    assert.equal(headers.authorization, `Bearer ${KEY}`);
    const file = form.get('file') as File;
    assert.deepEqual([file.name, file.type], ['audio.ogg', 'audio/ogg']);
    assert.deepEqual(Buffer.from(await file.arrayBuffer()), AUDIO);
    form.delete('file');
    assert.deepEqual(
      [...form],
      [
        ['model', 'whisper-1'],
        ['response_format', 'verbose_json'],
        ['timestamp_granularities[]', 'word'],
        ['timestamp_granularities[]', 'segment'],
        ['temperature', '0'],
      ],
    );
  });

  it('names FLAC, the language in two letters, and the vocabulary as a prompt of limited length', async () => {
    const keyterms = ['Omi', ...Array.from({ length: 200 }, (_, i) => `Name${i}`)];
    await openai.transcribe({ audio: speechOf(AUDIO, 'audio/flac'), preferredLanguage: 'pt-BR', keyterms });
    const { form } = openai.received[0]!;
    const file = form.get('file') as File;
    assert.deepEqual([file.name, file.type], ['audio.flac', 'audio/flac']);
    assert.equal(form.get('language'), 'pt');
    const prompt = form.get('prompt') as string;
    assert.match(prompt, /^Omi, Name0, Name1/);
    assert.ok(Buffer.byteLength(prompt) <= 600);
  });

  it('sends no key if none is set', async () => {
    await openai.transcribe({}, { apiKey: '' });
    assert.equal(openai.received[0]!.headers.authorization, undefined);
  });

  it('gives words with their times, and how sure their segment is', async () => {
    openai.respond = json(200, ANSWER, { 'x-request-id': 'request-1' });
    const { words, ...rest } = await openai.transcribe();
    assert.deepEqual(rest, {
      requestId: 'request-1',
      transcriber: 'openai/whisper-1',
      billedSeconds: 4,
      language: 'en',
    });
    assert.deepEqual(
      words.map(({ text, startSeconds, endSeconds, speaker, language }) => [
        text,
        startSeconds,
        endSeconds,
        speaker,
        language,
      ]),
      [
        ['Hello,', 0.5, 0.9, null, 'en'],
        ['there.', 1, 1.4, null, 'en'],
      ],
    );
    for (const { confidence } of words) assert.ok(Math.abs(confidence - 0.8) < 1e-9);
  });

  it('accepts silence as a result', async () => {
    openai.respond = json(200, { text: ' ', words: [] });
    assert.deepEqual((await openai.transcribe()).words, []);
  });

  for (const [status, code] of [
    [400, 'transcription_rejected'],
    [401, 'transcription_not_configured'],
    [403, 'transcription_not_configured'],
    [404, 'transcription_not_configured'],
    [408, 'transcription_unavailable'],
    [413, 'transcription_rejected'],
    [429, 'transcription_rate_limited'],
    [500, 'transcription_unavailable'],
    [503, 'transcription_unavailable'],
  ] as const) {
    it(`says what ${status} means: ${code}`, async () => {
      openai.respond = json(status, { error: { message: 'secret' } }, { 'retry-after': '7' });
      const { code: actual, remedy, retryAfterSeconds } = await openai.failure();
      assert.equal(actual, code);
      assert.equal(retryAfterSeconds, remedy === 'later' ? 7 : undefined);
      assert.equal(openai.received.length, 1);
    });
  }

  it('does not treat a text whose words have no times as silence', async () => {
    openai.respond = json(200, { text: 'hello' });
    assert.equal((await openai.failure()).code, 'transcription_not_configured');
  });

  for (const [what, respond] of Object.entries({
    'no JSON': (response: ServerResponse) => response.end('hello <secret>'),
    'another shape': json(200, { hello: 'secret' }),
    'no answer': (response: ServerResponse) => response.destroy(),
    'a redirect': (response: ServerResponse) => response.writeHead(307, { location: 'http://127.0.0.1:9/' }).end(),
    'an endless answer': (response: ServerResponse) => response.write(Buffer.alloc(20 * 1024 * 1024, ' ')),
  })) {
    it(`waits after ${what}`, async () => {
      openai.respond = respond;
      assert.equal((await openai.failure()).code, 'transcription_unavailable');
    });
  }

  it('waits after an answer that does not come in time', async () => {
    openai.respond = () => undefined;
    assert.equal((await openai.failure({}, 50)).code, 'transcription_unavailable');
  });

  it('waits for headers as long as the request may take, whatever limit the platform’s fetch has', async () => {
    const platform = globalThis as Record<symbol, unknown>;
    const before = platform[DISPATCHER];
    // Five minutes in Node. Here the limit passes with the next tick of Node's own clock.
    platform[DISPATCHER] = new Agent({ headersTimeout: 1 });
    try {
      const answers: (() => void)[] = [];
      openai.respond = (response) => {
        answers.push(() => {
          json(200, ANSWER)(response);
        });
      };
      const transcription = openai.transcribe({}, {}, 60_000);
      transcription.catch(() => undefined);
      const other = fetch(openai.origin, { method: 'POST', body: new URLSearchParams({ a: 'b' }) });
      await assert.rejects(
        other,
        ({ cause }: Error) => (cause as { code?: string }).code === 'UND_ERR_HEADERS_TIMEOUT',
      );
      for (const answer of answers) answer();
      assert.equal((await transcription).words.length, 2);
    } finally {
      platform[DISPATCHER] = before;
    }
  });

  it('says in the log why no answer came, without its content', async () => {
    openai.respond = json(503, { error: { message: 'secret' } });
    await openai.failure();
    openai.respond = (response) => response.end('hello <secret>');
    await openai.failure();
    const gone = new OpenAiFixture();
    await gone.start();
    const baseUrl = gone.origin;
    await gone.stop();
    await openai.failure({ baseUrl });
    assert.deepEqual(
      openai.logger.entries.map(({ fields }) => fields['reason']),
      ['HTTP 503', 'SyntaxError', 'ECONNREFUSED'],
    );
  });

  it('sends no request while a setting is wrong', async () => {
    for (const settings of [{ baseUrl: 'api.openai.com' }, { model: ' ' }, { apiKey: 'two\nlines' }]) {
      assert.equal((await openai.failure(settings)).code, 'transcription_not_configured');
    }
    assert.equal(openai.received.length, 0);
  });
});
