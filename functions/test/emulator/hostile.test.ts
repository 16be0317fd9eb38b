/** Hostile requests by a user, sent to the deployed functions: each gets a short answer that says that the sender is at fault. */
import assert from 'node:assert/strict';
import type { UploadView } from 'offline-audio-sync-contract';
import { bearer, callFunction, send } from '../support/client.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../support/recordings.ts';
import { declared, SdkClient } from '../support/sdkClient.ts';
import { bucket, signUp } from '../support/suite.ts';
import type { TestUser } from '../support/suite.ts';
import { until } from '../support/until.ts';

describe('a hostile request', () => {
  let user: TestUser;
  before(async () => {
    user = await signUp();
  });

  const upload = (body: string, contentType = 'multipart/form-data; boundary=b') =>
    send<UploadView>('syncUpload', {
      method: 'POST',
      headers: { ...bearer(user.idToken), 'Content-Type': contentType },
      body,
    });

  it('with a form that continues after its closing boundary is answered with 400', async () => {
    const part = '--b\r\nContent-Disposition: form-data; name="files"; filename="n"\r\n\r\nx';
    const { status, problem } = await upload(`--b--\r\n${part}`);
    assert.deepEqual([status, problem.code], [400, 'no_files']);
  });

  it('with a manifest of 750,000 entries is answered with a short 400', async () => {
    const files = Array(750_000).fill(0);
    const { status, body } = await callFunction(user.idToken, 'createSyncJob', { idempotency_key: 'k', files });
    assert.deepEqual([status, body.error?.details?.code], [400, 'payload_too_large']);
    assert.ok(JSON.stringify(body).length < 1000);
  });

  it('with a thousand bad recordings gets the faults of ten', async () => {
    const files = Array.from({ length: 1000 }, (_, index) => ({ name: `${String(index)}.exe`, size_bytes: 1 }));
    const { status, body } = await callFunction(user.idToken, 'createSyncJob', { files });
    assert.deepEqual([status, body.error?.details?.code], [400, 'invalid_recording']);
    assert.equal(body.error?.details?.details.length, 10);
  });

  it('with objects in place of strings is answered with 400 by every callable', async () => {
    const odd = { '@type': 'x', length: { valueOf: 0, toString: 0 } };
    const calls = {
      createSyncJob: [{ files: odd }, { files: [{ name: odd, size_bytes: odd }] }, { files: [odd], device_id: odd }],
      retrySyncJob: [{ job_id: odd }],
      cancelSyncJob: [{ job_id: { length: { valueOf: 0 } } }],
      acknowledgeSyncJobs: [{ job_ids: odd }, { job_ids: [odd] }],
      deleteConversation: [{ conversation_id: { length: { valueOf: 0 } } }],
      editConversation: [
        { conversation_id: odd, edit: { kind: 'star', starred: true } },
        { conversation_id: 'any', edit: odd },
        { conversation_id: 'any', edit: { kind: odd } },
        { conversation_id: 'any', edit: { kind: 'title', title: odd } },
        { conversation_id: 'any', edit: { kind: 'title', title: '\ud800' } },
        { conversation_id: 'any', edit: { kind: 'text', text: 'x', recording_id: odd, from: odd, to: odd } },
      ],
      shareConversation: [{ conversation_id: odd }, { conversation_id: 'any', hours: odd }],
      withdrawShare: [{ share_id: odd }],
      importConversations: [
        { conversations: odd },
        { conversations: [odd] },
        { conversations: [{ device_id: 'omi', segments: [{ text: odd, words: [[odd, odd, odd]] }] }] },
      ],
      deleteEverything: [{ what: odd }],
      undoEdit: [{ edit_id: { length: { valueOf: 0 } } }],
      redateRecordings: [
        { names: odd, offset_ms: 1 },
        { names: [odd], offset_ms: 1 },
        { job_id: odd, offset_ms: odd },
      ],
    };
    for (const [name, inputs] of Object.entries(calls)) {
      for (const input of inputs) {
        const { status, body } = await callFunction(user.idToken, name, input);
        assert.deepEqual([status, body.error?.details?.code], [400, 'invalid_request'], name);
      }
    }
  });

  it('cannot read back what was uploaded to Storage: its download token is gone', async () => {
    const app = await SdkClient.signUp();
    try {
      const bytes = pcmRecording({ frames: 3, value: 7 });
      const name = pcmName(CAPTURED_AT);
      const { files } = await app.createJob({
        files: [declared(name, bytes), declared(pcmName(CAPTURED_AT + 60), bytes)],
      });
      const path = files[0]?.path ?? '';
      const { metadata } = await app.upload(path, bytes);
      const object = bucket.file(path);
      await until(async () => (await object.getMetadata())[0].contentDisposition === 'attachment');
      const [sealed] = await object.getMetadata();
      assert.deepEqual(sealed.metadata, { stagedBy: 'server' }, 'no firebaseStorageDownloadTokens');
      assert.equal(sealed.contentType, 'application/octet-stream');
      const address = `http://${process.env['FIREBASE_STORAGE_EMULATOR_HOST'] ?? ''}/v0/b/${metadata.bucket}/o/${encodeURIComponent(path)}?alt=media`;
      assert.equal((await fetch(address)).status, 403);
      assert.equal((await fetch(address, { headers: bearer(await app.idToken()) })).status, 403);
    } finally {
      await app.close();
    }
  });

  it('with odd parameters in its address is answered with 400', async () => {
    const init = { headers: bearer(user.idToken) };
    for (const [name, query] of [
      ['syncStatus', '?job_id[length][valueOf]=1'],
      ['syncStatus', '?job_id=a&job_id=b'],
      ['syncStatus', '?job_id=%00'],
      ['syncJobs', '?limit[]=1'],
      ['syncJobs', '?status[$gt]='],
      ['syncJobs', `?page_token=${'A'.repeat(400)}`],
      ['syncJobs', '?page_token=__proto__'],
    ] as const) {
      const { status } = await send(name, init, query);
      assert.ok(status === 400 || (query.includes('%00') && status === 404), `${query}: ${String(status)}`);
    }
  });
});
