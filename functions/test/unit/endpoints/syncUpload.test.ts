import assert from 'node:assert/strict';
import { AppError } from '../../../src/errors.ts';
import type { UploadView } from 'offline-audio-sync-contract';
import { createUploadHandler } from '../../../src/endpoints/syncUpload.ts';
import type { UploadDeps } from '../../../src/endpoints/syncUpload.ts';
import { acceptUpload } from '../../../src/upload/accept.ts';
import { call } from '../../support/http.ts';
import type { Answer } from '../../support/http.ts';
import { filePart, multipart } from '../../support/multipart.ts';
import type { Part } from '../../support/multipart.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../../support/recordings.ts';
import { memoryDeps } from '../../support/uploads.ts';
import type { MemoryDeps } from '../../support/uploads.ts';

function uploadDeps(change: Partial<MemoryDeps & UploadDeps> = {}): UploadDeps & MemoryDeps {
  const deps = { ...memoryDeps(), ...change };
  return {
    authenticate: () => Promise.resolve({ uid: 'alice' }),
    accept: (upload) => acceptUpload(deps, upload),
    limits: { maxRequestBytes: 100_000, maxFiles: 3, maxRecordingBytes: 50_000 },
    ...deps,
  };
}

function post(
  deps: UploadDeps,
  parts: readonly Part[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer<UploadView>> {
  const { contentType, body } = multipart(parts);
  const sent = { 'Content-Type': contentType, ...headers };
  return call(createUploadHandler(deps), { method: 'POST', path: '/v2/sync/upload', headers: sent, rawBody: body });
}

const good = filePart(pcmName(), pcmRecording());

describe('POST /v2/sync/upload', () => {
  it('answers 202 with the job and the address of its status', async () => {
    const deps = uploadDeps();
    const second = filePart(pcmName(CAPTURED_AT + 1), pcmRecording({ value: 3 }));
    const { status, headers, body } = await post(deps, [good, second]);
    assert.equal(status, 202);
    assert.deepEqual(body, { job_id: 'job1', status: 'pending', file_count: 2, duplicate_files: [] });
    assert.equal(headers.get('location'), '/v2/sync/status?job_id=job1');
    assert.equal(deps.jobs.byId.get('job1')?.uid, 'alice');
  });

  it('names the recordings that repeat another one', async () => {
    const again = filePart(pcmName(CAPTURED_AT * 1000), pcmRecording());
    const { body } = await post(uploadDeps(), [good, again]);
    assert.deepEqual(body.duplicate_files, [again.filename]);
  });

  it('uses the form fields', async () => {
    const deps = uploadDeps();
    const fields = [
      { field: 'device_id', content: 'phone7' },
      { field: 'conversation_id', content: 'c-1' },
      { field: 'clock_offset_ms', content: '-2500' },
      { field: 'whatever', content: 'ignored' },
    ];
    const wav = filePart(
      `call_${String(CAPTURED_AT)}.wav`,
      Buffer.concat([Buffer.from('RIFF____WAVE'), Buffer.alloc(100)]),
    );
    assert.equal((await post(deps, [...fields, good, wav])).status, 202);
    const job = deps.jobs.byId.get('job1')!;
    assert.deepEqual([job.deviceId, job.conversationId], ['phone7', 'c-1']);
    assert.deepEqual(
      deps.files.byJob
        .get('job1')!
        .map(({ deviceId, startedAt, durationSeconds }) => [deviceId, startedAt.toMillis(), durationSeconds]),
      [
        ['omi', CAPTURED_AT * 1000 - 2500, 1],
        ['phone7', CAPTURED_AT * 1000 - 2500, null],
      ],
    );
  });

  it('logs who sent how much, and no file names', async () => {
    const deps = uploadDeps();
    await post(deps, [good]);
    const entry = deps.logger.entries.at(-1)!;
    assert.equal(entry.event, 'request.answered');
    const { uid, jobId, files, status } = entry.fields;
    assert.deepEqual({ uid, jobId, files, status }, { uid: 'alice', jobId: 'job1', files: 1, status: 202 });
    assert.ok(!JSON.stringify(deps.logger.entries).includes('pcm16'));
  });

  it('answers 503 with Retry-After when the recordings cannot be stored', async () => {
    const { staging } = memoryDeps(() => Promise.reject(new Error('Storage is down')));
    const { status, headers, body, problem } = await post(uploadDeps({ staging }), [good]);
    assert.deepEqual([status, problem.code, headers.get('retry-after')], [503, 'unavailable', '10']);
    assert.ok(!JSON.stringify(body).includes('Storage is down'));
  });

  it('answers the same Idempotency-Key with the same job, and 409 for other content', async () => {
    const deps = uploadDeps();
    const headers = { 'Idempotency-Key': 'batch-1' };
    const first = await post(deps, [good], headers);
    const second = await post(deps, [good], headers);
    assert.deepEqual([second.status, second.body], [202, first.body]);
    const other = await post(deps, [filePart(pcmName(), pcmRecording({ value: 9 }))], headers);
    assert.deepEqual([other.status, other.problem.code], [409, 'idempotency_conflict']);
  });

  describe('refuses, and leaves nothing behind:', () => {
    const text = (field: string, content: string): Part => ({ field, content });
    const cases: {
      name: string;
      status: number;
      code: string;
      parts?: Part[];
      headers?: Record<string, string>;
      says?: RegExp;
    }[] = [
      { name: 'no files', parts: [], status: 400, code: 'no_files' },
      {
        name: 'another content type',
        headers: { 'Content-Type': 'application/json' },
        status: 415,
        code: 'unsupported_media_type',
      },
      {
        name: 'a long Idempotency-Key',
        headers: { 'Idempotency-Key': 'x'.repeat(201) },
        status: 400,
        code: 'invalid_request',
        says: /Idempotency-Key/,
      },
      {
        name: 'an Idempotency-Key with a space',
        headers: { 'Idempotency-Key': 'a b' },
        status: 400,
        code: 'invalid_request',
      },
      { name: 'an empty Idempotency-Key', headers: { 'Idempotency-Key': '' }, status: 400, code: 'invalid_request' },
      {
        name: 'a bad device_id',
        parts: [text('device_id', 'a/b'), good],
        status: 400,
        code: 'invalid_request',
        says: /^device_id: /,
      },
      {
        name: 'a bad conversation_id',
        parts: [text('conversation_id', '../x'), good],
        status: 400,
        code: 'invalid_request',
        says: /^conversation_id: /,
      },
      {
        name: 'a clock offset that is no number',
        parts: [text('clock_offset_ms', '1e3'), good],
        status: 400,
        code: 'invalid_request',
        says: /^clock_offset_ms: /,
      },
      {
        name: 'a clock offset that is no whole number',
        parts: [text('clock_offset_ms', '1.5'), good],
        status: 400,
        code: 'invalid_request',
      },
      {
        name: 'a time zone that there is not',
        parts: [text('time_zone', 'Mars/Olympus'), good],
        status: 400,
        code: 'invalid_request',
      },
      {
        name: 'too many files',
        parts: Array.from({ length: 4 }, () => filePart('a.bin', 'x')),
        status: 413,
        code: 'too_many_files',
      },
      {
        name: 'too many bytes',
        parts: [filePart(pcmName(), Buffer.alloc(100_001))],
        status: 413,
        code: 'payload_too_large',
      },
    ];
    for (const { name, status, code, parts = [good], headers = {}, says = /./ } of cases) {
      it(name, async () => {
        const deps = uploadDeps();
        const answer = await post(deps, parts, headers);
        assert.deepEqual([answer.status, answer.problem.code], [status, code]);
        assert.match(answer.problem.message, says);
        assert.deepEqual([deps.jobs.byId.size, deps.staging.objects.size, deps.queue.tasks.size], [0, 0, 0]);
      });
    }

    const recordingCases: { name: string; part: Part; code: string }[] = [
      { name: 'another extension', part: filePart(`notes_${String(CAPTURED_AT)}.txt`, 'x'), code: 'bad_extension' },
      { name: 'a name without a time', part: filePart('audio.bin', pcmRecording()), code: 'bad_name' },
      { name: 'a part without a name', part: filePart('', pcmRecording()), code: 'bad_extension' },
      { name: 'a time before 2024', part: filePart(pcmName(1_600_000_000), pcmRecording()), code: 'bad_timestamp' },
      {
        name: 'a time in the future',
        part: filePart(pcmName(CAPTURED_AT + 3600), pcmRecording()),
        code: 'bad_timestamp',
      },
      { name: 'no bytes', part: filePart(pcmName(CAPTURED_AT + 1), ''), code: 'empty_recording' },
      {
        name: 'no usable frame',
        part: filePart(pcmName(CAPTURED_AT + 1), Buffer.alloc(500, 0xff)),
        code: 'recording_corrupt',
      },
      {
        name: 'too many bytes in one',
        part: filePart(pcmName(CAPTURED_AT + 1), pcmRecording({ frames: 200 })),
        code: 'recording_too_large',
      },
      { name: 'a name twice', part: good, code: 'duplicate_name' },
    ];
    for (const { name, part, code } of recordingCases) {
      it(`a good recording beside one with ${name}`, async () => {
        const deps = uploadDeps();
        const { status, problem } = await post(deps, [good, part]);
        assert.deepEqual([status, problem.code], [400, 'invalid_recording']);
        assert.deepEqual(
          problem.details.map(({ file, code }) => [file, code]),
          [[part.filename, code]],
        );
        assert.deepEqual([deps.jobs.byId.size, deps.staging.objects.size, deps.queue.tasks.size], [0, 0, 0]);
      });
    }

    it('several bad recordings, with everything that is wrong with each', async () => {
      const bad = [filePart('a.txt', 'x'), filePart('b.bin', ''), filePart(pcmName(CAPTURED_AT + 1), '')];
      const { problem } = await post(uploadDeps(), bad);
      const found = problem.details.map(({ file, code }) => `${file} ${code}`);
      assert.deepEqual(found, [
        'a.txt bad_extension',
        'b.bin bad_name',
        'b.bin empty_recording',
        `${pcmName(CAPTURED_AT + 1)} empty_recording`,
      ]);
    });

    it('a request without a body', async () => {
      const { contentType } = multipart([]);
      const handler = createUploadHandler(uploadDeps());
      const { status, problem } = await call(handler, { method: 'POST', headers: { 'Content-Type': contentType } });
      assert.deepEqual([status, problem.code], [400, 'invalid_multipart']);
    });

    it('a caller without a token, before it reads the body', async () => {
      const deps = uploadDeps({ authenticate: () => Promise.reject(new AppError('unauthenticated')) });
      const { status, problem, headers } = await post(deps, []);
      assert.deepEqual([status, problem.code, headers.get('www-authenticate')], [401, 'unauthenticated', 'Bearer']);
    });
  });
});
