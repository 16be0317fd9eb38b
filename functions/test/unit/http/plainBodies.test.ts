import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { onCall } from 'firebase-functions/v2/https';
import { closeAfterAll } from '../../../../dev/test/closing.ts';
import { guarded } from '../../../src/http/callableGuard.ts';
import { MAX_PARSED_BYTES } from '../../../src/http/plainBodies.ts';
import { serve } from '../../support/httpServer.ts';
import type { RunningFunction } from '../../support/httpServer.ts';
import { recordingLogger } from '../../support/logger.ts';

const JSON_TYPE = 'application/json';

describe('A request body', () => {
  let echo: RunningFunction;
  let callable: RunningFunction;
  /** The last request, as the function got it. */
  let seen: { readonly body: unknown; readonly bytes: number };

  const closing = closeAfterAll();
  before(async () => {
    await import('../../../src/index.ts');
    echo = closing(
      await serve('plainBodiesEcho', (req, res) => {
        seen = { body: req.body, bytes: (req as unknown as { rawBody: Buffer }).rawBody.length };
        res.end();
      }),
    );
    const call = guarded(
      onCall(() => 'answered'),
      recordingLogger(),
    );
    callable = closing(await serve('plainBodiesCallable', call as unknown as Parameters<typeof serve>[1]));
  });

  const post = (to: RunningFunction, body: Buffer | string, headers: Record<string, string>) =>
    fetch(to.url, { method: 'POST', headers, body: new Uint8Array(Buffer.from(body)) });

  it('is checked by the deployed code', () => {
    assert.ok(channel('http.server.request.start').hasSubscribers);
  });

  it('is not decompressed', async () => {
    const packed = gzipSync(`{"data":[${'[],'.repeat(1000)}[]]}`);
    for (const type of [JSON_TYPE, 'application/octet-stream']) {
      await post(echo, packed, { 'Content-Type': type, 'Content-Encoding': 'gzip' });
      assert.deepEqual(seen.body, packed);
    }
    const answer = await post(callable, packed, { 'Content-Type': JSON_TYPE, 'Content-Encoding': 'gzip' });
    assert.equal(answer.status, 400);
  });

  it('is not parsed if it is longer than any call', async () => {
    const long = `{"data":"${'a'.repeat(MAX_PARSED_BYTES)}"}`;
    for (const type of [JSON_TYPE, 'Application/JSON; charset=utf-8', 'application/cloudevents+json', 'text/plain']) {
      await post(echo, long, { 'Content-Type': type });
      assert.ok(seen.body instanceof Buffer, type);
      assert.equal(seen.bytes, long.length);
    }
    assert.equal((await post(callable, long, { 'Content-Type': JSON_TYPE })).status, 400);
  });

  it('is not parsed if its length is not stated', async () => {
    await new Promise<void>((resolve, reject) => {
      const sent = request(echo.url, { method: 'POST', headers: { 'Content-Type': JSON_TYPE } }, (answer) => {
        answer.resume().once('end', resolve);
      });
      sent.once('error', reject);
      sent.write('{"data"');
      sent.end(':1}');
    });
    assert.ok(seen.body instanceof Buffer);
  });

  it('is parsed if it is short, and passed on unchanged if it is a form', async () => {
    await post(echo, '{"data":1}', { 'Content-Type': JSON_TYPE });
    assert.deepEqual(seen.body, { data: 1 });
    assert.equal((await post(callable, '{"data":1}', { 'Content-Type': JSON_TYPE })).status, 200);
    const form = Buffer.alloc(MAX_PARSED_BYTES + 1, 'a');
    await post(echo, form, { 'Content-Type': 'multipart/form-data; boundary=json' });
    assert.equal(seen.bytes, form.length);
  });
});
