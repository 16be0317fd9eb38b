import assert from 'node:assert/strict';
import { AppError } from '../../../src/errors.ts';
import { route } from '../../../src/http/route.ts';
import type { Reply } from '../../../src/http/route.ts';
import { call } from '../../support/http.ts';
import { recordingLogger } from '../../support/logger.ts';

function handler(handle: () => Promise<Reply>, method: 'GET' | 'POST' = 'GET') {
  const logger = recordingLogger();
  return { logger, handler: route({ name: 'test', method, logger }, handle) };
}

const ok = (): Promise<Reply> => Promise.resolve({ status: 200, body: { ok: true }, log: { jobId: 'j' } });
const throwing = (error: unknown) => (): Promise<Reply> => {
  throw error;
};

describe('route', () => {
  it('answers with the reply of the handler, and forbids caching', async () => {
    const { status, headers, body } = await call(handler(ok).handler);
    assert.deepEqual([status, body, headers.get('cache-control')], [200, { ok: true }, 'private, no-store']);
  });

  it('logs one line for each request: route, status, time and what the handler adds', async () => {
    const { handler: handle, logger } = handler(ok);
    await call(handle);
    assert.equal(logger.entries.length, 1);
    const { event, fields } = logger.entries[0]!;
    const { ms, ...rest } = fields;
    assert.equal(event, 'request.answered');
    assert.equal(typeof ms, 'number');
    assert.deepEqual(rest, { route: 'test', method: 'GET', status: 200, jobId: 'j' });
  });

  it('refuses other methods and names those that it accepts', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'HEAD']) {
      const { status, headers, problem } = await call(handler(ok, 'POST').handler, { method });
      assert.deepEqual([status, problem.code, headers.get('allow')], [405, 'method_not_allowed', 'POST, OPTIONS']);
    }
    const { headers } = await call(handler(ok).handler, { method: 'POST' });
    assert.equal(headers.get('allow'), 'GET, HEAD, OPTIONS');
    assert.equal((await call(handler(ok).handler, { method: 'HEAD' })).status, 200);
  });

  it('answers a preflight without calling the handler', async () => {
    const { handler: handle, logger } = handler(throwing(new Error('asked')), 'POST');
    const { status, headers } = await call(handle, { method: 'OPTIONS' });
    assert.equal(status, 204);
    assert.equal(headers.get('access-control-allow-origin'), '*');
    assert.equal(headers.get('access-control-allow-methods'), 'POST, OPTIONS');
    assert.equal(
      headers.get('access-control-allow-headers'),
      'Authorization, Content-Type, Idempotency-Key, X-Firebase-AppCheck, X-Share-Token',
    );
    assert.deepEqual(logger.entries, []);
  });

  it('lets pages of any origin read answers, errors and the headers they need', async () => {
    for (const handle of [ok, throwing(new AppError('unavailable'))]) {
      const { headers } = await call(handler(handle).handler);
      assert.equal(headers.get('access-control-allow-origin'), '*');
      assert.equal(headers.get('access-control-expose-headers'), 'Location, Retry-After');
      assert.equal(headers.get('access-control-allow-credentials'), null);
    }
  });

  it('answers an expected error with its status and shape', async () => {
    const details = [{ file: 'a.bin', code: 'bad_name' as const, message: 'No.' }];
    const error = new AppError('invalid_recording', { details });
    const { status, body, headers } = await call(handler(throwing(error)).handler);
    assert.equal(status, 400);
    assert.deepEqual(body, { error: { code: 'invalid_recording', message: error.message, details } });
    assert.equal(headers.get('retry-after'), null);
  });

  it('says how long to wait wherever waiting helps', async () => {
    const retryAfter = async (error: unknown) =>
      (await call(handler(throwing(error)).handler)).headers.get('retry-after');
    assert.equal(await retryAfter(new AppError('too_many_jobs', { retryAfterSeconds: 4.2 })), '5');
    assert.equal(await retryAfter(new AppError('unavailable')), '30');
    assert.equal(await retryAfter(new Error('bug')), '30');
  });

  it('answers a store that is unavailable with 503', async () => {
    const error = Object.assign(new Error('14 UNAVAILABLE: host 10.0.0.1'), { code: 14 });
    const { status, body, problem } = await call(handler(throwing(error)).handler);
    assert.deepEqual([status, problem.code], [503, 'unavailable']);
    assert.ok(!JSON.stringify(body).includes('10.0.0.1'));
  });

  it('hides an unexpected error behind a reference to its log entry', async () => {
    const { handler: handle, logger } = handler(throwing(new Error('secret of the database')));
    const { status, body, problem } = await call(handle);
    assert.deepEqual([status, problem.code], [500, 'internal']);
    assert.ok(!JSON.stringify(body).includes('secret'));
    const entry = logger.entries.find(({ level }) => level === 'error')!;
    assert.match(String(entry.fields['error']), /secret of the database/);
    assert.ok(problem.message.includes(String(entry.fields['reference'])));
    assert.notEqual(String(entry.fields['reference']), '');
  });

  it('logs the cause of an expected error without the request that it carries', async () => {
    const cause = Object.assign(new Error('socket hang up'), {
      config: { headers: { Authorization: 'Bearer top-secret' } },
    });
    const { handler: handle, logger } = handler(throwing(new AppError('unavailable', { cause })));
    await call(handle);
    const logged = JSON.stringify(logger.entries);
    assert.ok(logged.includes('socket hang up'));
    assert.ok(!logged.includes('top-secret'));
  });
});
