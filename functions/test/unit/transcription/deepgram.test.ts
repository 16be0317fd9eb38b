import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { AppError } from '../../../src/errors.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { Logger } from '../../../src/logger.ts';
import { createDeepgramTranscriber } from '../../../src/transcription/deepgram.ts';
import type { DeepgramOptions } from '../../../src/transcription/deepgram.ts';
import type { TranscriptionRequest } from '../../../src/transcription/transcriber.ts';

const KEY = 'key-of-the-test';
const NOW = Date.UTC(2026, 0, 1, 12);

const REQUEST: TranscriptionRequest = {
  audio: Buffer.from('OggS and the secret audio'),
  contentType: 'audio/ogg',
  durationMs: 4000,
  language: 'multi',
  keyterms: [],
};

/** A Deepgram answer with these words in it. */
function answer(words: readonly object[], { alternative = {}, channel = {} } = {}) {
  const transcript = words.map((_, index) => `spoken${index}`).join(' ');
  return {
    metadata: { request_id: 'request-1', duration: 4, channels: 1 },
    results: { channels: [{ alternatives: [{ transcript, confidence: 1, words, ...alternative }], ...channel }] },
  };
}

const HELLO = { word: 'hello', punctuated_word: 'Hello,', start: 0.5, end: 0.9, confidence: 0.98, speaker: 0 };

interface Received {
  readonly method: string | undefined;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

describe('the Deepgram transcriber', () => {
  let server: Server;
  let received: Received[];
  let respond: (response: ServerResponse) => void;
  let logged: { level: string; message: string; fields: unknown }[];

  beforeEach(async () => {
    received = [];
    logged = [];
    respond = json(200, answer([HELLO]));
    server = createServer((request, response) => {
      void buffer(request).then((body) => {
        const { method, headers } = request;
        received.push({ method, headers, body, url: new URL(request.url ?? '', 'http://deepgram.test') });
        respond(response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function transcriber(options: Partial<DeepgramOptions> = {}) {
    const log = (level: string) => (message: string, fields: unknown) => void logged.push({ level, message, fields });
    const logger: Logger = { info: log('info'), warn: log('warn'), error: log('error') };
    return createDeepgramTranscriber({ apiKey: () => KEY, baseUrl: origin, now: () => NOW, logger, ...options });
  }

  function transcribe(request: Partial<TranscriptionRequest> = {}, options: Partial<DeepgramOptions> = {}) {
    return transcriber(options).transcribe({ ...REQUEST, ...request }, new AbortController().signal);
  }

  /** The AppError that a request ends in; holds for each that neither it nor the log gives anything away. */
  async function failure(request: Partial<TranscriptionRequest> = {}, options: Partial<DeepgramOptions> = {}) {
    const error: unknown = await transcribe(request, options).then(
      () => assert.fail('it should have failed'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof AppError, inspect(error));
    const shown = inspect([error, logged], { depth: 20, showHidden: true });
    for (const secret of [KEY, 'secret', 'hello'])
      assert.ok(!shown.toLowerCase().includes(secret), `${secret}: ${shown}`);
    return error;
  }

  describe('sends', () => {
    it('the audio as it is, with its type, its length and the key', async () => {
      await transcribe();
      assert.equal(received.length, 1);
      const [{ method, url, headers, body }] = received as [Received];
      assert.equal(method, 'POST');
      assert.equal(url.pathname, '/v1/listen');
      assert.deepEqual(body, REQUEST.audio);
      assert.equal(headers['content-type'], 'audio/ogg');
      assert.equal(headers['content-length'], String(REQUEST.audio.byteLength));
      assert.equal(headers['transfer-encoding'], undefined);
      assert.equal(headers.authorization, `Token ${KEY}`);
    });

    it('exactly the parameters that the design names', async () => {
      await transcribe({ language: 'de' });
      assert.deepEqual(Object.fromEntries(received[0]!.url.searchParams), {
        model: 'nova-3',
        language: 'de',
        smart_format: 'true',
        punctuate: 'true',
        utterances: 'true',
        diarize_model: 'latest',
        tag: 'offline-audio-sync',
      });
    });

    it('each keyterm as a parameter of its own, phrases and other scripts unharmed', async () => {
      await transcribe({ keyterms: ['Omi', 'left & right', 'Zürich'] });
      assert.deepEqual(received[0]!.url.searchParams.getAll('keyterm'), ['Omi', 'left & right', 'Zürich']);
    });

    it('FLAC as FLAC', async () => {
      await transcribe({ contentType: 'audio/flac' });
      assert.equal(received[0]!.headers['content-type'], 'audio/flac');
    });

    it('to an address with a path and a trailing slash', async () => {
      await transcribe({}, { baseUrl: () => `${origin()}/proxy/` });
      assert.equal(received[0]!.url.pathname, '/proxy/v1/listen');
    });

    it('the key without the newline that secrets often end in', async () => {
      await transcribe({}, { apiKey: () => `${KEY}\n` });
      assert.equal(received[0]!.headers.authorization, `Token ${KEY}`);
    });
  });

  describe('returns', () => {
    it('words as a reader should see them, with times, speaker and confidence', async () => {
      assert.deepEqual(await transcribe(), {
        requestId: 'request-1',
        billedSeconds: 4,
        language: null,
        words: [{ text: 'Hello,', startSeconds: 0.5, endSeconds: 0.9, confidence: 0.98, speaker: 0, language: null }],
      });
      assert.deepEqual(
        logged.map(({ level, message }) => [level, message]),
        [['info', 'deepgram transcribed']],
      );
    });

    it('the plain word where there is no punctuated one, and no speaker where none was told apart', async () => {
      respond = json(200, answer([{ word: 'hi', start: 0, end: 0.2, confidence: 1 }]));
      const [word] = (await transcribe()).words;
      assert.deepEqual(word, {
        text: 'hi',
        startSeconds: 0,
        endSeconds: 0.2,
        confidence: 1,
        speaker: null,
        language: null,
      });
    });

    it('words in order of time, none ending before it begins', async () => {
      const late = { ...HELLO, punctuated_word: 'late', start: 3, end: 2.9 };
      respond = json(200, answer([late, HELLO]));
      const { words } = await transcribe();
      assert.deepEqual(
        words.map((word) => [word.text, word.startSeconds, word.endSeconds]),
        [
          ['Hello,', 0.5, 0.9],
          ['late', 3, 3],
        ],
      );
    });

    it('the language of each word, of the transcript where a word has none', async () => {
      const words = [
        { ...HELLO, language: 'es' },
        { ...HELLO, start: 1, end: 2 },
      ];
      respond = json(200, answer(words, { alternative: { languages: ['en', 'es'] } }));
      const result = await transcribe();
      assert.equal(result.language, 'en');
      assert.deepEqual(
        result.words.map(({ language }) => language),
        ['es', 'en'],
      );
    });

    it('the language detected for the channel', async () => {
      respond = json(200, answer([HELLO], { channel: { detected_language: 'fr' } }));
      const result = await transcribe();
      assert.equal(result.language, 'fr');
      assert.equal(result.words[0]!.language, 'fr');
    });

    it('the language that was asked for, where Deepgram names none', async () => {
      assert.equal((await transcribe({ language: 'de' })).language, 'de');
    });

    it('the language of most words, where only words have one', async () => {
      const words = ['es', 'en', 'es'].map((language, index) => ({ ...HELLO, start: index, end: index, language }));
      respond = json(200, answer(words));
      assert.equal((await transcribe()).language, 'es');
    });

    it('no words for silence: a result, not an error', async () => {
      respond = json(200, answer([]));
      assert.deepEqual(await transcribe(), { requestId: 'request-1', billedSeconds: 4, language: null, words: [] });
    });

    it('a warning in the log when another length is billed than was sent', async () => {
      await transcribe({ durationMs: 60_000 });
      assert.deepEqual(
        logged.map(({ level }) => level),
        ['warn'],
      );
    });
  });

  describe('asks once and says what a failed request means', () => {
    const meanings: Record<number, ErrorCode> = {
      400: 'transcription_rejected',
      401: 'transcription_not_configured',
      402: 'transcription_not_configured',
      403: 'transcription_not_configured',
      404: 'transcription_not_configured',
      405: 'transcription_not_configured',
      408: 'transcription_unavailable',
      413: 'transcription_rejected',
      415: 'transcription_rejected',
      422: 'transcription_unavailable',
      429: 'transcription_rate_limited',
      500: 'transcription_unavailable',
      502: 'transcription_unavailable',
      503: 'transcription_unavailable',
      504: 'transcription_unavailable',
    };
    for (const [status, code] of Object.entries(meanings)) {
      it(`${status}: ${code}`, async () => {
        respond = json(Number(status), { err_code: 'SOME_CODE', err_msg: 'secret', request_id: 'r-1' });
        const error = await failure();
        assert.equal(error.code, code);
        assert.equal(received.length, 1);
        assert.deepEqual(
          logged.map(({ message, fields }) => [message, fields]),
          [
            [
              'deepgram request failed',
              {
                status: Number(status),
                reason: 'SOME_CODE',
                requestId: 'r-1',
                retryAfterSeconds: null,
                durationMs: 4000,
                elapsedMs: 0,
              },
            ],
          ],
        );
      });
    }

    it('keeps the status, and the request id of the header, when the body of an error is not what it claims to be', async () => {
      respond = (response) =>
        response
          .writeHead(429, { 'content-type': 'application/json', 'retry-after': '7', 'dg-request-id': 'r-2' })
          .end('{"hello');
      const error = await failure();
      assert.equal(error.code, 'transcription_rate_limited');
      assert.equal(error.retryAfterSeconds, 7);
      assert.equal((logged[0]!.fields as { requestId: string }).requestId, 'r-2');
    });

    it('drops an error code that is really a text', async () => {
      respond = json(400, { err_code: `hello ${'x'.repeat(80)}`, request_id: 'hello\nhello' });
      await failure();
    });
  });

  describe('passes on how long to wait', () => {
    const headers: [string, string | undefined, number | undefined][] = [
      ['seconds', '12', 12],
      ['no seconds', '0', 0],
      ['a date', new Date(NOW + 90_000).toUTCString(), 90],
      ['a date in the past', new Date(NOW - 90_000).toUTCString(), 0],
      ['at most an hour', '864000', 3600],
      ['nothing for nonsense', 'soon', undefined],
      ['nothing for a negative number', '-5', undefined],
      ['nothing without the header', undefined, undefined],
    ];
    for (const [name, value, expected] of headers) {
      it(name, async () => {
        respond = (response) => response.writeHead(503, value === undefined ? {} : { 'retry-after': value }).end();
        assert.equal((await failure()).retryAfterSeconds, expected);
      });
    }

    it('not where waiting does not help', async () => {
      respond = (response) => response.writeHead(401, { 'retry-after': '5' }).end();
      assert.equal((await failure()).retryAfterSeconds, undefined);
    });
  });

  describe('does not take for silence', () => {
    const noWords = answer([]);
    const bodies: Record<string, string> = {
      'an empty body': '',
      'a body that is not JSON': '<html>hello</html>',
      null: 'null',
      'no results': JSON.stringify({ metadata: noWords.metadata }),
      'no metadata': JSON.stringify({ results: noWords.results }),
      'no channels': JSON.stringify({ ...noWords, results: { channels: [] } }),
      'no alternatives': JSON.stringify({ ...noWords, results: { channels: [{ alternatives: [] }] } }),
      'a transcript whose words are missing': JSON.stringify(answer([], { alternative: { transcript: 'hello' } })),
      'a word without a time': JSON.stringify(answer([{ ...HELLO, start: undefined }])),
      'a negative time': JSON.stringify(answer([{ ...HELLO, start: -1 }])),
    };
    for (const [name, body] of Object.entries(bodies)) {
      it(`a 200 with ${name}`, async () => {
        respond = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body);
        const error = await failure();
        assert.equal(error.code, 'transcription_unavailable');
        assert.equal((logged[0]!.fields as { reason: string }).reason, 'INVALID_RESPONSE');
      });
    }

    it('an answer that breaks off', async () => {
      respond = (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('{"metadata":{', () => response.destroy());
      };
      assert.equal((await failure()).code, 'transcription_unavailable');
    });

    it('an answer of absurd size, which is not read to its end', async () => {
      const mebibyte = Buffer.alloc(1024 * 1024, ' ');
      let sent = 0;
      respond = (response) => {
        const more = () => {
          if (response.destroyed || sent >= 512) return;
          sent += 1;
          response.write(mebibyte, more);
        };
        response.writeHead(200, { 'content-type': 'application/json' });
        more();
      };
      assert.equal((await failure()).code, 'transcription_unavailable');
      assert.ok(sent < 512, `${sent} MiB were taken`);
    });
  });

  describe('ends', () => {
    it('with transcription_unavailable when nobody listens', async () => {
      const address = origin();
      await new Promise((resolve) => server.close(resolve));
      const error = await failure({}, { baseUrl: () => address });
      assert.equal(error.code, 'transcription_unavailable');
      assert.match(String(error.cause), /Deepgram: ECONNREFUSED/);
    });

    it('with transcription_unavailable when the connection drops before an answer', async () => {
      respond = (response) => response.destroy();
      assert.equal((await failure()).code, 'transcription_unavailable');
      assert.equal(received.length, 1);
    });

    it('with transcription_unavailable when no answer comes in time', async () => {
      respond = () => undefined;
      const error = await failure({}, { timeoutMs: 50 });
      assert.equal(error.code, 'transcription_unavailable');
      assert.match(String(error.cause), /TIMEOUT/);
    });

    it('with transcription_unavailable when an answer begins in time and does not end', async () => {
      respond = (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"metadata":{');
      };
      const error = await failure({}, { timeoutMs: 50 });
      assert.equal(error.code, 'transcription_unavailable');
      assert.match(String(error.cause), /TIMEOUT/);
    });

    it('with the caller’s own reason when the caller aborts, and lets go of the connection', async () => {
      const controller = new AbortController();
      const reason = new Error('the deadline is near');
      const closed = new Promise<void>((resolve) => {
        respond = (response) => {
          response.once('close', resolve);
          controller.abort(reason);
        };
      });
      await assert.rejects(transcriber().transcribe(REQUEST, controller.signal), (error) => error === reason);
      await closed;
      assert.deepEqual(logged, []);
    });

    it('without leaving a timer behind when it fails', async () => {
      respond = (response) => response.destroy();
      const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
      await failure();
      const before = timers();
      for (let request = 0; request < 5; request += 1) await failure();
      assert.ok(timers() - before < 5, `${timers() - before} more timers than before`);
    });

    it('before any request when the caller has aborted already', async () => {
      const reason = new Error('cancelled');
      await assert.rejects(transcriber().transcribe(REQUEST, AbortSignal.abort(reason)), (error) => error === reason);
      assert.equal(received.length, 0);
    });
  });

  describe('asks nothing and waits for the operator when', () => {
    for (const [name, options] of Object.entries<Partial<DeepgramOptions>>({
      'the key is missing': { apiKey: () => '' },
      'the key is blank': { apiKey: () => ' \n' },
      'the key cannot be a header': { apiKey: () => `${KEY}\nsecond line` },
      'the address is not one': { baseUrl: () => 'localhost:1234' },
    })) {
      it(name, async () => {
        assert.equal((await failure({}, options)).code, 'transcription_not_configured');
        assert.equal(received.length, 0);
      });
    }
  });
});

function json(status: number, body: object) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}
