import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import { createOmiHandler } from '../../../src/endpoints/omiApi.ts';
import type { OmiDeps } from '../../../src/endpoints/omiApi.ts';
import { AppError } from '../../../src/errors.ts';
import type { omiStart } from '../../../src/http/omiViews.ts';
import { omiJob } from '../../../src/http/omiViews.ts';
import type { Job } from '../../../src/jobs/job.ts';
import { acceptUpload } from '../../../src/upload/accept.ts';
import type { Upload } from '../../../src/upload/accept.ts';
import { call } from '../../support/http.ts';
import { filePart, multipart } from '../../support/multipart.ts';
import type { Part } from '../../support/multipart.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../../support/recordings.ts';
import { memoryDeps, NOW_MS } from '../../support/uploads.ts';

type OmiStart = ReturnType<typeof omiStart>;
type OmiJob = ReturnType<typeof omiJob>;

const UPLOAD = '/v2/sync-local-files';
const name = (codec: string, at = CAPTURED_AT) => `audio_friend_${codec}_16000_1_fs160_${String(at)}.bin`;

interface OmiError {
  readonly detail: string;
  readonly code: string;
}

function world(change: Partial<OmiDeps> = {}) {
  const memory = memoryDeps();
  const deps: OmiDeps = {
    isServed: () => true,
    authenticate: () => Promise.resolve({ uid: 'alice' }),
    authenticateUpload: () => Promise.resolve({ uid: 'alice' }),
    accept: (upload) => acceptUpload(memory, upload),
    jobs: memory.jobs,
    readConversation: () => Promise.resolve(null),
    limits: { maxRequestBytes: 1_000_000, maxFiles: 20, maxRecordingBytes: 500_000 },
    logger: memory.logger,
    now: () => NOW_MS,
    ...change,
  };
  const handler = createOmiHandler(deps);
  const ask = <Body>(path: string, method = 'GET') => call<Body>(handler, { method, path });
  const post = <Body = OmiStart>(parts: readonly Part[], query: Record<string, string> = {}) => {
    const { contentType, body } = multipart(parts);
    const headers = { 'Content-Type': contentType };
    return call<Body>(handler, { method: 'POST', path: UPLOAD, query, headers, rawBody: body });
  };
  /** The job after its work is done. */
  const finished = (counts: Partial<Job['fileCounts']>, status: Job['status']): Job => {
    const [job] = memory.jobs.byId.values();
    return { ...job!, status, fileCounts: { ...job!.fileCounts, staged: 0, ...counts }, waitingFor: null };
  };
  return { memory, ask, post, finished };
}

/** The ADTS header of a frame of 64 bytes: AAC-LC, 16 kHz, mono, without a checksum. */
const ADTS = [0xff, 0xf1, 0x60, 0x40, 0x08, 0x1f, 0xfc];

/** Two frames, of which only the headers are read here. */
function aacRecording(header: readonly number[] = ADTS): Buffer {
  const frame = Buffer.concat([Buffer.from(header), Buffer.alloc(64 - header.length, 7)]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(frame.length);
  return Buffer.concat([length, frame, length, frame]);
}

const good = filePart(pcmName(), pcmRecording());

describe('Omi’s API', () => {
  it('accepts recordings as Omi’s backend does', async () => {
    const { memory, post } = world();
    const { status, headers, body } = await post([good]);
    assert.equal(status, 202);
    assert.deepEqual(body, {
      job_id: 'job1',
      status: 'queued',
      total_files: 1,
      total_segments: 1,
      poll_after_ms: 3000,
      lane: 'fresh',
    });
    const location = new URL(headers.get('location') ?? '', 'http://x/demo/region/omiApi/v2/sync-local-files');
    assert.equal(location.pathname, '/demo/region/omiApi/v2/sync-local-files/job1');
    assert.equal(memory.jobs.byId.get('job1')?.rejected, undefined);
  });

  const bad: Record<string, Part> = {
    'in a codec that nothing here decodes': filePart(name('lc3_fs1030', 1), pcmRecording()),
    'in AAC without headers': filePart(name('aac', CAPTURED_AT + 1), aacRecording([1, 2])),
    'whose name carries no time': filePart('audio_friend.bin', pcmRecording()),
    'of a clock that stands at 1970': filePart(pcmName(1), pcmRecording()),
    'that is empty': filePart(pcmName(CAPTURED_AT + 1), Buffer.alloc(0)),
    'whose frames are broken': filePart(pcmName(CAPTURED_AT + 1), Buffer.alloc(100, 0xff)),
    'with a name that is there already': good,
  };
  for (const [what, part] of Object.entries(bad)) {
    it(`refuses a recording ${what} by itself, and processes the others`, async () => {
      const { memory, ask, post, finished } = world();
      const { status, body } = await post([good, part]);
      assert.deepEqual([status, body.total_files], [202, 2]);
      assert.deepEqual(
        memory.files.byJob.get('job1')?.map((file) => file.name),
        [good.filename],
      );
      const open = (await ask<OmiJob>(`${UPLOAD}/job1`)).body;
      assert.deepEqual(
        [open.status, open.total_segments, open.failed_segments, open.result],
        ['queued', 2, 1, undefined],
      );

      const done = omiJob('job1', finished({ transcribed: 1 }, 'completed'), NOW_MS);
      assert.deepEqual([done.status, done.successful_segments, done.failed_segments], ['partial_failure', 1, 1]);
      assert.equal(done.result?.errors.length, 1);
      assert.ok(done.result.errors[0]?.startsWith(part.filename ?? ''));
    });
  }

  it('accepts AAC with headers as an ordinary file, with the recorder that its name states as device', async () => {
    const { memory, post } = world();
    assert.equal((await post([filePart(name('aac'), aacRecording())])).status, 202);
    const [file] = memory.files.byJob.get('job1') ?? [];
    assert.deepEqual(
      [file?.name, file?.deviceId, file?.format, file?.size],
      [name('aac').replace('.bin', '.aac'), 'friend', { kind: 'file', extension: 'aac' }, 128],
    );
  });

  it('answers 400 in FastAPI’s shape if no recording can be accepted', async () => {
    const { memory, post } = world();
    const { status, body } = await post<OmiError>([filePart(name('lc3_fs1030'), pcmRecording())]);
    assert.deepEqual([status, body.code, memory.jobs.byId.size], [400, 'invalid_recording', 0]);
    assert.match(body.detail, /lc3_fs1030/);
  });

  it('accepts an upload to an unknown conversation, without that conversation', async () => {
    const { memory, post } = world();
    const target = 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6';
    memory.conversations.gone.add(target);
    const { status, body } = await post([good], { conversation_id: target });
    assert.deepEqual([status, memory.jobs.byId.get(body.job_id)?.conversationId], [202, null]);
  });

  it('says why and for how long a user has to wait', async () => {
    const refuse = (_: Upload) => Promise.reject(new AppError('fair_use_restricted', { retryAfterSeconds: 60 }));
    const { status, headers, body } = await world({ accept: refuse }).post<OmiError>([good]);
    assert.deepEqual([status, headers.get('retry-after'), body.code], [429, '60', 'fair_use_restricted']);
    assert.equal(headers.get('x-omi-rate-limit-reason'), 'fair_use');
  });

  it('shows a job in Omi’s states', async () => {
    const { memory, ask, post, finished } = world();
    await post([good]);
    const ends: [Job, Partial<OmiJob>][] = [
      [finished({ staged: 1 }, 'processing'), { status: 'processing', processed_segments: 0 }],
      [finished({ transcribed: 1 }, 'completed'), { status: 'completed', successful_segments: 1 }],
      [finished({ duplicate: 1, failed: 1 }, 'partial'), { status: 'partial_failure', failed_segments: 1 }],
      [finished({ failed: 1 }, 'failed'), { status: 'failed', error: 'Nothing of the job could be done.' }],
      [finished({ failed: 1 }, 'cancelled'), { status: 'failed', error: 'The job was cancelled.' }],
    ];
    for (const [job, expected] of ends) {
      const shown = omiJob('job1', job, NOW_MS);
      assert.deepEqual({ ...shown, ...expected }, shown);
    }
    const until = Timestamp.fromMillis(NOW_MS + 30_000);
    const waitingFor = { reason: 'transcription_unavailable', message: 'Down.', until } as const;
    memory.jobs.byId.set('job1', { ...finished({ staged: 1 }, 'deferred'), waitingFor });
    const { body } = await ask<OmiJob>(`${UPLOAD}/job1`);
    assert.deepEqual([body.status, body.reason_code, body.retry_after], ['queued', 'transcription_unavailable', 30]);
  });

  it('does not find the job of another user', async () => {
    const { ask, post } = world({ authenticate: () => Promise.resolve({ uid: 'bob' }) });
    await post([good]);
    for (const id of ['job1', 'none', '__x__', '%2F']) {
      const { status, body } = await ask<OmiError>(`${UPLOAD}/${id}`);
      assert.deepEqual([status, body.code], [404, 'job_not_found'], id);
      assert.equal(typeof body.detail, 'string');
    }
  });

  it('answers in JSON at every unknown path, and at every path while it is switched off', async () => {
    const served = world();
    const unserved = world({ isServed: () => false });
    const answers = [
      await served.ask<OmiError>('/v2/sync/nothing'),
      await served.ask<OmiError>('/v1/sync-local-files', 'POST'),
      await unserved.post<OmiError>([good]),
      await unserved.ask<OmiError>(`${UPLOAD}/job1`),
    ];
    for (const { status, problem } of answers) assert.deepEqual([status, problem.code], [404, 'path_not_found']);
    assert.equal(unserved.memory.jobs.byId.size, 0);
    assert.equal((await served.ask(`${UPLOAD}/job1`, 'POST')).status, 405);
  });
});
