import assert from 'node:assert/strict';
import type { CallableRequest } from 'firebase-functions/v2/https';
import { HttpsError } from 'firebase-functions/v2/https';
import * as z from 'zod';
import type { CallableProblem } from 'offline-audio-sync-contract';
import { AppError, CATALOGUE } from '../../../src/errors.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import type { RequestHeaders } from '../../../src/http/auth.ts';
import { callable } from '../../../src/http/callable.ts';
import type { CallableReply } from '../../../src/http/callable.ts';
import { recordingLogger } from '../../support/logger.ts';

const input = z.object({ job_id: z.string('a job id') }, 'give {"job_id": …}');

interface Given {
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: unknown;
}

function setUp(act: () => Promise<CallableReply<unknown>> = () => Promise.resolve({ view: 'done' })) {
  const logger = recordingLogger();
  const seen: unknown[] = [];
  const authenticate = (req: RequestHeaders) => {
    const token = req.get('Authorization');
    return token === undefined ? Promise.reject(new AppError('unauthenticated')) : Promise.resolve({ uid: token });
  };
  const call = ({ headers = { Authorization: 'alice' }, data = { job_id: 'j1' } }: Given = {}) =>
    callable({ name: 'test', input, authenticate, logger }, (caller, checked) => {
      seen.push(caller, checked);
      return act();
    })({ data, rawRequest: { get: (name: string) => headers[name] } } as unknown as CallableRequest);

  async function refusal(given: Given = {}): Promise<HttpsError & { details: CallableProblem }> {
    const error: unknown = await call(given).then(
      () => assert.fail('It was accepted.'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof HttpsError, String(error));
    return error as HttpsError & { details: CallableProblem };
  }
  return { call, refusal, seen, logger };
}

describe('a callable', () => {
  it('passes on the caller and the checked input, and returns the view', async () => {
    const { call, seen, logger } = setUp(() => Promise.resolve({ view: { job_id: 'j1' }, log: { jobs: 3 } }));
    assert.deepEqual(await call({ data: { job_id: 'j1', more: true } }), { job_id: 'j1' });
    assert.deepEqual(seen, [{ uid: 'alice' }, { job_id: 'j1' }]);
    const [{ event, fields }] = logger.entries as [(typeof logger.entries)[number]];
    assert.deepEqual([event, fields['route'], fields['uid'], fields['jobs']], ['call.answered', 'test', 'alice', 3]);
  });

  it('refuses everyone whom the HTTP functions refuse', async () => {
    const { refusal, seen } = setUp();
    const stranger = await refusal({ headers: {} });
    assert.deepEqual([stranger.code, stranger.details.code], ['unauthenticated', 'unauthenticated']);
    assert.deepEqual(seen, []);
  });

  it('says what is wrong with the input', async () => {
    const { refusal, seen } = setUp();
    for (const [data, sentence] of [
      [{ job_id: 7 }, 'job_id: a job id.'],
      [null, 'give {"job_id": …}.'],
    ] as const) {
      const { code, message, details } = await refusal({ data });
      assert.deepEqual([code, details.code, message], ['invalid-argument', 'invalid_request', sentence]);
    }
    assert.deepEqual(seen, []);
  });

  it('reports every failure of the catalogue with its own code, its sentence and its wait', async () => {
    for (const code of Object.keys(CATALOGUE) as ErrorCode[]) {
      const { refusal } = setUp(() => Promise.reject(new AppError(code)));
      const { details, message } = await refusal();
      assert.deepEqual(
        [details.code, details.message, message],
        [code, CATALOGUE[code].message, CATALOGUE[code].message],
      );
      assert.equal(details.retry_after_seconds !== null, CATALOGUE[code].remedy === 'later', code);
    }
    const wait = new AppError('unavailable', { retryAfterSeconds: 6.2 });
    assert.equal((await setUp(() => Promise.reject(wait)).refusal()).details.retry_after_seconds, 7);
  });

  it('answers each status with the code that Firebase’s SDKs have for it', async () => {
    const sdk: [ErrorCode, string][] = [
      ['job_not_found', 'not-found'],
      ['job_not_retryable', 'failed-precondition'],
      ['too_many_jobs', 'resource-exhausted'],
      ['unavailable', 'unavailable'],
      ['internal', 'internal'],
      ['too_many_files', 'invalid-argument'],
    ];
    for (const [code, expected] of sdk) {
      assert.equal((await setUp(() => Promise.reject(new AppError(code))).refusal()).code, expected);
    }
  });

  it('logs an unexpected error, and gives the caller only a reference to it', async () => {
    const { refusal, logger } = setUp(() => Promise.reject(new Error('password is swordfish')));
    const { code, message } = await refusal();
    assert.equal(code, 'internal');
    assert.doesNotMatch(message, /swordfish/);
    const logged = logger.entries.find(({ level }) => level === 'error');
    assert.ok(message.includes(String(logged?.fields['reference'])));
  });
});
