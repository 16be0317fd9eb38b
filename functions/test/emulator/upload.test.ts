import assert from 'node:assert/strict';
import { LIMITS } from 'offline-audio-sync-contract';
import type { UploadView } from 'offline-audio-sync-contract';
import { bearer, getStatus, hasEnded, send, uploadFiles, waitForJob } from '../support/client.ts';
import type { Answer } from '../support/http.ts';
import { filePart, multipart } from '../support/multipart.ts';
import type { MultipartBody, Part } from '../support/multipart.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../support/recordings.ts';
import { auth, jobIds, signUp, stagedObjects, untilWrappedUp } from '../support/suite.ts';
import type { TestUser } from '../support/suite.ts';

const good = filePart(pcmName(), pcmRecording());

function post(idToken: string, { contentType, body }: MultipartBody): Promise<Answer<UploadView>> {
  const headers = { ...bearer(idToken), 'Content-Type': contentType };
  return send('syncUpload', { method: 'POST', headers, body: Uint8Array.from(body) });
}

/** An unsigned token, like those of the Auth emulator. */
function unsignedToken(claims: object): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`;
}

describe('An upload', () => {
  let user: TestUser;
  beforeEach(async () => {
    user = await signUp();
  });

  async function assertNothingLeft(): Promise<void> {
    assert.deepEqual([await jobIds(user.uid), await stagedObjects(user.uid)], [[], []]);
  }

  it('through Hosting becomes a job that ends with every second accounted for and nothing left staged', async () => {
    const files = [
      { name: pcmName(CAPTURED_AT), bytes: pcmRecording({ frames: 150 }) },
      { name: pcmName(CAPTURED_AT + 300), bytes: pcmRecording({ frames: 50, value: 1 }) },
    ];
    const { status, headers, body } = await uploadFiles(user.idToken, files, { deviceId: 'phone' });
    assert.equal(status, 202);
    assert.deepEqual([body.file_count, body.status, body.duplicate_files], [2, 'pending', []]);
    assert.equal(headers.get('location'), `/v2/sync/status?job_id=${body.job_id}`);
    assert.equal(headers.get('cache-control'), 'private, no-store');

    const job = await waitForJob(user.idToken, body.job_id);
    assert.deepEqual([job.status, job.device_id, job.percent], ['completed', 'phone', 100]);
    assert.deepEqual([job.ledger.audio_seconds, job.ledger.silent_seconds], [2, 2]);
    assert.deepEqual(
      job.files.map(({ name, state }) => [name, state]),
      files.map(({ name }) => [name, 'silent']),
    );
    await untilWrappedUp(body.job_id);
    assert.deepEqual(await stagedObjects(user.uid), []);
  });

  it('that is repeated with the same Idempotency-Key, at once or later, is one job', async () => {
    const files = [{ name: pcmName(), bytes: pcmRecording() }];
    const options = { idempotencyKey: 'batch-1' };
    const [first, second] = await Promise.all([
      uploadFiles(user.idToken, files, options),
      uploadFiles(user.idToken, files, options),
    ]);
    assert.deepEqual([first.status, second.status], [202, 202]);
    assert.equal(first.body.job_id, second.body.job_id);
    await waitForJob(user.idToken, first.body.job_id, hasEnded);
    const later = await uploadFiles(user.idToken, files, options);
    assert.deepEqual([later.body.job_id, later.body.status], [first.body.job_id, 'completed']);
    assert.deepEqual(await jobIds(user.uid), [first.body.job_id]);
    const other = await uploadFiles(user.idToken, [{ name: pcmName(), bytes: pcmRecording({ value: 1 }) }], options);
    assert.deepEqual([other.status, other.problem.code], [409, 'idempotency_conflict']);
  });

  it('with the key of another user is a job of its own', async () => {
    const files = [{ name: pcmName(), bytes: pcmRecording() }];
    const other = await signUp();
    const mine = await uploadFiles(user.idToken, files, { idempotencyKey: 'k' });
    const theirs = await uploadFiles(other.idToken, files, { idempotencyKey: 'k' });
    assert.notEqual(mine.body.job_id, theirs.body.job_id);
    assert.equal((await getStatus(user.idToken, theirs.body.job_id)).status, 404);
  });

  describe('is refused, and leaves nothing behind:', () => {
    const refusals: { name: string; parts: Part[]; status: number; code: string; details?: string[] }[] = [
      { name: 'without files', parts: [], status: 400, code: 'no_files' },
      {
        name: 'another file field',
        parts: [good, { field: 'file', filename: 'a.bin', content: 'x' }],
        status: 400,
        code: 'invalid_request',
      },
      {
        name: 'more files than one request may have',
        parts: Array.from({ length: LIMITS.maxFilesPerRequest + 1 }, (_, index) =>
          filePart(`${String(index)}.bin`, 'x'),
        ),
        status: 413,
        code: 'too_many_files',
      },
      {
        name: 'a bad field',
        parts: [{ field: 'clock_offset_ms', content: 'soon' }, good],
        status: 400,
        code: 'invalid_request',
      },
      ...[
        { name: 'another extension', part: filePart('a_1760000000.exe', 'x'), code: 'bad_extension' },
        { name: 'a bad name', part: filePart('audio_omi_mp9_16000_1_fs160_1760000000.bin', 'x'), code: 'bad_name' },
        { name: 'a time before 2024', part: filePart(pcmName(1_500_000_000), pcmRecording()), code: 'bad_timestamp' },
        { name: 'a time in the future', part: filePart(pcmName(9_000_000_000), pcmRecording()), code: 'bad_timestamp' },
        { name: 'an empty file', part: filePart(pcmName(CAPTURED_AT + 9), ''), code: 'empty_recording' },
        {
          name: 'a file of garbage',
          part: filePart(pcmName(CAPTURED_AT + 9), Buffer.alloc(99, 0xff)),
          code: 'recording_corrupt',
        },
        { name: 'the same name twice', part: good, code: 'duplicate_name' },
      ].map(({ name, part, code }) => ({
        name: `${name}, beside good ones`,
        parts: [good, part, filePart(pcmName(CAPTURED_AT + 60), pcmRecording())],
        status: 400,
        code: 'invalid_recording',
        details: [`${part.filename ?? ''}: ${code}`],
      })),
    ];
    for (const { name, parts, status, code, details = [] } of refusals) {
      it(name, async () => {
        const answer = await post(user.idToken, multipart(parts));
        assert.deepEqual([answer.status, answer.problem.code], [status, code]);
        assert.deepEqual(
          answer.problem.details.map((detail) => `${detail.file}: ${detail.code}`),
          details,
        );
        await assertNothingLeft();
      });
    }

    it('no token, or a wrong one', async () => {
      const project = process.env['GCLOUD_PROJECT'] ?? '';
      const seconds = Math.floor(Date.now() / 1000);
      const claims = {
        aud: project,
        iss: `https://securetoken.google.com/${project}`,
        sub: user.uid,
        auth_time: seconds,
        iat: seconds,
        exp: seconds + 3600,
      };
      const wrong = [
        'nonsense',
        unsignedToken({ ...claims, exp: seconds - 60 }),
        unsignedToken({ ...claims, aud: 'another-project' }),
        unsignedToken({ ...claims, sub: 'nobody-with-this-id' }),
      ];
      const { contentType, body } = multipart([good]);
      for (const headers of [{}, { Authorization: 'Basic YTpi' }, ...wrong.map(bearer)]) {
        const answer = await send('syncUpload', {
          method: 'POST',
          headers: { ...headers, 'Content-Type': contentType },
          body: Uint8Array.from(body),
        });
        assert.deepEqual([answer.status, answer.problem.code], [401, 'unauthenticated'], JSON.stringify(headers));
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
      }
      await assertNothingLeft();
    });

    it('a user who was disabled after the token was given out', async () => {
      await auth.updateUser(user.uid, { disabled: true });
      const answer = await post(user.idToken, multipart([good]));
      assert.deepEqual([answer.status, answer.problem.code], [401, 'unauthenticated']);
      await assertNothingLeft();
    });

    it('another content type', async () => {
      for (const contentType of ['application/octet-stream', 'application/json', 'text/plain']) {
        const headers = { ...bearer(user.idToken), 'Content-Type': contentType };
        const answer = await send('syncUpload', { method: 'POST', headers, body: '{}' });
        assert.deepEqual([answer.status, answer.problem.code], [415, 'unsupported_media_type']);
      }
      await assertNothingLeft();
    });

    it('a multipart body that was cut off', async () => {
      const { contentType, body } = multipart([good, filePart(pcmName(CAPTURED_AT + 60), pcmRecording())]);
      for (const length of [0, 40, body.length / 2, body.length - 10]) {
        const answer = await post(user.idToken, { contentType, body: body.subarray(0, length) });
        assert.deepEqual([answer.status, answer.problem.code], [400, 'invalid_multipart']);
      }
      await assertNothingLeft();
    });

    it('a body that is too large', async () => {
      const answer = await post(user.idToken, multipart([filePart(pcmName(), Buffer.alloc(LIMITS.maxRequestBytes))]));
      assert.deepEqual([answer.status, answer.problem.code], [413, 'payload_too_large']);
      await assertNothingLeft();
    });

    it('another method', async () => {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const answer = await send('syncUpload', { method, headers: bearer(user.idToken) });
        assert.deepEqual([answer.status, answer.problem.code], [405, 'method_not_allowed']);
        assert.equal(answer.headers.get('allow'), 'POST, OPTIONS');
      }
      await assertNothingLeft();
    });
  });

  it('may have the largest body that is allowed', async () => {
    // It starts like a FLAC file and is none, so it is staged like any other recording and quickly processed.
    const overhead = multipart([filePart(`noise_${String(CAPTURED_AT)}.flac`, '')]).body.length;
    const content = Buffer.alloc(LIMITS.maxRequestBytes - overhead);
    content.write('fLaC');
    const largest = multipart([filePart(`noise_${String(CAPTURED_AT)}.flac`, content)]);
    assert.equal(largest.body.length, LIMITS.maxRequestBytes);
    const { status, body } = await post(user.idToken, largest);
    assert.equal(status, 202);
    const job = await waitForJob(user.idToken, body.job_id);
    assert.deepEqual(
      job.files.map(({ size_bytes, error }) => [size_bytes, error?.code]),
      [[content.length, 'recording_corrupt']],
    );
  });
});
