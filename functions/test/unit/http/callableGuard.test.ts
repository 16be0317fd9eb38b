/** Hostile bodies, sent to the server of a deployment: each gets a short refusal that says that the sender is at fault. */
import assert from 'node:assert/strict';
import type { HttpFunction } from '@google-cloud/functions-framework';
import { onCall } from 'firebase-functions/v2/https';
import * as z from 'zod';
import { closeAfterAll } from '../../../../dev/test/closing.ts';
import { AppError, fileProblem } from '../../../src/errors.ts';
import { callable } from '../../../src/http/callable.ts';
import type { CallableProblem } from 'offline-audio-sync-contract';
import { guarded } from '../../../src/http/callableGuard.ts';
import { serve } from '../../support/httpServer.ts';
import type { RunningFunction } from '../../support/httpServer.ts';
import { recordingLogger } from '../../support/logger.ts';

const rule = 'a list of ids';
const input = z.object({
  job_id: z.string(rule).min(1, rule),
  list: z.array(z.string(rule), rule).max(5000).optional(),
});

describe('a guarded callable', () => {
  const logger = recordingLogger();
  let server: RunningFunction;
  let act = (): Promise<{ view: string }> => Promise.resolve({ view: 'done' });

  const closing = closeAfterAll();
  before(async () => {
    const authenticate = () => Promise.resolve({ uid: 'ann' });
    const handler = callable({ name: 'test', input, authenticate, logger }, () => act());
    server = closing(await serve('guarded', guarded(onCall({}, handler), logger) as unknown as HttpFunction));
  });
  beforeEach(() => {
    act = () => Promise.resolve({ view: 'done' });
  });

  const post = (body: string, headers: Record<string, string> = { 'Content-Type': 'application/json' }) =>
    fetch(server.url, { method: 'POST', headers, body });

  async function refusalOf(response: Response): Promise<{ status: number; bytes: number; problem: CallableProblem }> {
    const text = await response.text();
    const { error } = JSON.parse(text) as { error: { details: CallableProblem } };
    return { status: response.status, bytes: text.length, problem: error.details };
  }

  it('answers a call as before', async () => {
    const response = await post(JSON.stringify({ data: { job_id: 'j' } }));
    assert.deepEqual([response.status, await response.json()], [200, { result: 'done' }]);
    assert.equal(
      (await fetch(server.url, { method: 'OPTIONS', headers: { Origin: 'https://a.example' } })).status,
      204,
    );
  });

  const deep = (depth: number): string => `{"data":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  const odd = (value: string): string => `{"data":{"job_id":${value}}}`;
  const bodies: Record<string, [body: string, code: string, headers?: Record<string, string>]> = {
    'a list of 750,000 numbers': [JSON.stringify({ data: { list: Array(750_000).fill(0) } }), 'payload_too_large'],
    'a list of 30,000 numbers': [JSON.stringify({ data: { list: Array(30_000).fill(0) } }), 'payload_too_large'],
    'an object of 30,000 keys': [
      JSON.stringify({ data: Object.fromEntries(Array.from({ length: 30_000 }, (_, key) => [`k${String(key)}`, 0])) }),
      'payload_too_large',
    ],
    'many lists in lists': [JSON.stringify({ data: Array(200).fill(Array(200).fill([])) }), 'payload_too_large'],
    'a string of 2 MB': [JSON.stringify({ data: { job_id: 'x'.repeat(2_000_000) } }), 'payload_too_large'],
    'lists 100,000 deep': [deep(100_000), 'invalid_request'],
    'lists 12 deep': [deep(12), 'invalid_request'],
    'a type of Protocol Buffers': [odd('{"@type":"x"}'), 'invalid_request'],
    'a number of Protocol Buffers that is none': [
      odd('{"@type":"type.googleapis.com/google.protobuf.Int64Value","value":"x"}'),
      'invalid_request',
    ],
    'an object with a length that cannot be compared': [
      odd('{"length":{"valueOf":0,"toString":0}}'),
      'invalid_request',
    ],
    'an object with a length': [odd('{"length":5}'), 'invalid_request'],
    'a list in place of a string': [odd('["a"]'), 'invalid_request'],
    'keys of prototypes': ['{"data":{"__proto__":{"x":1},"constructor":{"prototype":1}}}', 'invalid_request'],
    'a number in place of an object': ['{"data":7}', 'invalid_request'],
    'no data': ['{}', 'invalid_request'],
    'null data': ['{"data":null}', 'invalid_request'],
    'more than data': ['{"data":{},"more":1}', 'invalid_request'],
    'a list in place of the body': ['[1]', 'invalid_request'],
    'a form': ['data=1', 'invalid_request', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    text: ['data', 'invalid_request', { 'Content-Type': 'text/plain' }],
    'another kind of JSON': [
      '{"data":{"job_id":"j"}}',
      'invalid_request',
      { 'Content-Type': 'application/vnd.api+json' },
    ],
  };
  for (const [name, [body, code, headers]] of Object.entries(bodies)) {
    it(`refuses ${name}`, async () => {
      const { status, bytes, problem } = await refusalOf(await post(body, headers));
      assert.deepEqual([status, problem.code], [400, code]);
      assert.ok(bytes < 2000, String(bytes));
    });
  }

  it('names ten complaints and says how many more there are', async () => {
    const { problem, bytes } = await refusalOf(
      await post(JSON.stringify({ data: { job_id: 'j', list: Array(4000).fill(0) } })),
    );
    assert.match(problem.message, /^list\.0: a list of ids\. .*list\.9: a list of ids\. And 3990 more\.$/);
    assert.ok(bytes < 2000, String(bytes));
  });

  it('names ten recordings of a thousand, in an answer far below 100 KB', async () => {
    const details = Array.from({ length: 1000 }, (_, index) =>
      fileProblem(`${String(index)}${'é'.repeat(3000)}.bin`, 'bad_name', 'm'.repeat(5000)),
    );
    act = () => Promise.reject(new AppError('invalid_recording', { details }));
    const { problem, bytes } = await refusalOf(await post(JSON.stringify({ data: { job_id: 'j' } })));
    assert.equal(problem.details.length, 10);
    assert.match(problem.message, /The first 10 of 1000 are named\.$/);
    assert.ok(bytes < 100_000, String(bytes));
  });

  it('logs a refusal without any of its content', async () => {
    const before = logger.entries.length;
    await post(JSON.stringify({ secret: 'swordfish' }));
    assert.deepEqual(
      logger.entries.slice(before).map(({ event, fields }) => [event, fields['code']]),
      [['call.refused', 'invalid_request']],
    );
    assert.ok(!JSON.stringify(logger.entries).includes('swordfish'));
  });
});
