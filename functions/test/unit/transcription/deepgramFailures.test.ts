import assert from 'node:assert/strict';
import { closeAfterEach } from '../../../../dev/test/closing.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import { answer, DeepgramFixture, HELLO, json, NOW } from './deepgramFixture.ts';

describe('the Deepgram transcriber, when Deepgram fails,', () => {
  let deepgram: DeepgramFixture;

  const closing = closeAfterEach();
  beforeEach(async () => {
    deepgram = closing(new DeepgramFixture(), (it) => it.stop());
    await deepgram.start();
  });

  describe('sends one request and reports what its failure means:', () => {
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
        deepgram.respond = json(Number(status), { err_code: 'SOME_CODE', err_msg: 'secret', request_id: 'r-1' });
        const error = await deepgram.failure();
        assert.equal(error.code, code);
        assert.equal(deepgram.received.length, 1);
        assert.deepEqual(
          deepgram.logger.entries.map(({ event, fields }) => [event, fields]),
          [
            [
              'deepgram.failed',
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

    // In Deepgram's words: a language that nova-3 does not know, and a parameter that cannot be parsed.
    for (const [err_code, err_msg, reason] of [
      ['Bad Request', 'Bad Request: No such model/language/tier combination found.', 'NO_SUCH_MODEL'],
      ['INVALID_QUERY_PARAMETER', 'Failed to deserialize query parameters: secret', 'INVALID_QUERY_PARAMETER'],
    ] as const) {
      it(`400 ${reason}: transcription_not_configured, because the audio is not to blame`, async () => {
        deepgram.respond = json(400, { err_code, err_msg, request_id: 'r-1' });
        const error = await deepgram.failure();
        assert.deepEqual([error.code, error.remedy], ['transcription_not_configured', 'operator']);
        assert.equal(deepgram.logger.entries[0]!.fields['reason'], reason);
      });
    }

    it('400 of audio that cannot be read: transcription_rejected', async () => {
      const err_msg = 'Bad Request: failed to process audio: corrupt or unsupported data';
      deepgram.respond = json(400, { err_code: 'Bad Request', err_msg, request_id: 'r-1' });
      assert.equal((await deepgram.failure()).code, 'transcription_rejected');
    });

    it('an error whose body is no JSON keeps its status and the request id of its header', async () => {
      deepgram.respond = (response) =>
        response
          .writeHead(429, { 'content-type': 'application/json', 'retry-after': '7', 'dg-request-id': 'r-2' })
          .end('{"hello');
      const error = await deepgram.failure();
      assert.equal(error.code, 'transcription_rate_limited');
      assert.equal(error.retryAfterSeconds, 7);
      assert.equal((deepgram.logger.entries[0]!.fields as { requestId: string }).requestId, 'r-2');
    });

    it('an error code that is really a text is dropped', async () => {
      deepgram.respond = json(400, { err_code: `hello ${'x'.repeat(80)}`, request_id: 'hello\nhello' });
      await deepgram.failure();
    });
  });

  describe('passes on how long to wait:', () => {
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
        deepgram.respond = (response) =>
          response.writeHead(503, value === undefined ? {} : { 'retry-after': value }).end();
        assert.equal((await deepgram.failure()).retryAfterSeconds, expected);
      });
    }

    it('nothing if waiting does not help', async () => {
      deepgram.respond = (response) => response.writeHead(401, { 'retry-after': '5' }).end();
      assert.equal((await deepgram.failure()).retryAfterSeconds, undefined);
    });
  });

  describe('does not treat as silence', () => {
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
        deepgram.respond = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(body);
        const error = await deepgram.failure();
        assert.equal(error.code, 'transcription_unavailable');
        assert.equal((deepgram.logger.entries[0]!.fields as { reason: string }).reason, 'INVALID_RESPONSE');
      });
    }

    it('an answer that breaks off', async () => {
      deepgram.respond = (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('{"metadata":{', () => response.destroy());
      };
      assert.equal((await deepgram.failure()).code, 'transcription_unavailable');
    });

    it('an answer of absurd size, which is not read to its end', async () => {
      const mebibyte = Buffer.alloc(1024 * 1024, ' ');
      let sent = 0;
      deepgram.respond = (response) => {
        const more = () => {
          if (response.destroyed || sent >= 512) return;
          sent += 1;
          response.write(mebibyte, more);
        };
        response.writeHead(200, { 'content-type': 'application/json' });
        more();
      };
      assert.equal((await deepgram.failure()).code, 'transcription_unavailable');
      assert.ok(sent < 512, `${sent} MiB were taken`);
    });
  });
});
