import fc from 'fast-check';
import { createOmiHandler } from '../../src/endpoints/omiApi.ts';
import { createSharedAudioHandler } from '../../src/endpoints/sharedAudio.ts';
import { createSharedHandler } from '../../src/endpoints/sharedConversation.ts';
import { createStatusHandler } from '../../src/endpoints/syncStatus.ts';
import { createJobsHandler } from '../../src/endpoints/syncJobs.ts';
import { createUploadHandler } from '../../src/endpoints/syncUpload.ts';
import { AppError } from '../../src/errors.ts';
import { acceptUpload } from '../../src/upload/accept.ts';
import { call } from '../support/http.ts';
import { filePart, multipart } from '../support/multipart.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../support/recordings.ts';
import { memoryDeps, NOW_MS } from '../support/uploads.ts';
import { asJson, oddString } from './hostile.ts';
import { fuzzTarget } from './target.ts';

/** A part of every name that is sent, which no log may contain. */
const MARK = 'swordfish';

const sound = fc.oneof(
  fc.nat(1000).map((seconds) => pcmName(CAPTURED_AT - seconds, MARK)),
  fc.constantFrom(`${MARK}_${CAPTURED_AT}.wav`, `audio_${MARK}_aac_16000_1_fs160_${CAPTURED_AT}.bin`),
);
const filename = fc.oneof(
  { weight: 3, arbitrary: sound },
  {
    weight: 1,
    arbitrary: fc
      .tuple(sound, fc.nat(60), oddString)
      .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at)),
  },
);
const content = fc.oneof(
  { weight: 4, arbitrary: fc.nat(9).map((value) => pcmRecording({ frames: 3, value })) },
  fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
  fc.array(fc.constantFrom(2, 0, 0, 0, 0xff, 0xf1, 0xff, 0x4f), { maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
);
const file = fc.tuple(filename, content).map(([sent, bytes]) => filePart(sent, bytes));
const field = fc.record({
  field: fc.oneof(
    fc.constantFrom('device_id', 'conversation_id', 'clock_offset_ms', 'time_zone', '__proto__'),
    oddString,
  ),
  content: fc.oneof(fc.constantFrom('omi', '7', '+02:00', 'Europe/Berlin'), oddString),
});
const value = fc.oneof(
  fc.constantFrom('job1', 'completed', '20', 'c1'),
  oddString,
  fc.array(oddString, { maxLength: 3 }),
);
const request = fc.record({
  method: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('GET', 'POST') },
    { weight: 1, arbitrary: fc.constantFrom('HEAD', 'OPTIONS', 'PUT', 'TRACE') },
  ),
  path: fc.oneof(
    fc.constantFrom('/', '/v2/sync/upload', '/v2/sync-local-files', '/v2/sync-local-files/', '/v1/conversations/c1'),
    fc.constantFrom('/v2/sync-local-files', '/v2/sync-local-files/job1'),
    oddString.map((text) => `/v2/sync-local-files/${text}`),
    oddString,
  ),
  query: fc.dictionary(
    fc.constantFrom('job_id', 'limit', 'status', 'page_token', 'conversation_id', 'audio_id'),
    value,
  ),
  parts: fc.array(fc.oneof({ weight: 4, arbitrary: file }, { weight: 1, arbitrary: field }), { maxLength: 5 }),
  key: fc.oneof(
    { weight: 4, arbitrary: fc.constant('k'.repeat(43)) },
    { weight: 1, arbitrary: fc.string({ maxLength: 210 }) },
  ),
});

/** Every answer of the HTTP functions is short, is no error of the server, and leaves no name in the log. */
export const requests = fuzzTarget({ name: 'requests', casesInTest: 400 }, () =>
  fc.asyncProperty(fc.nat(5), request, async (index, { method, path, query, parts, key }) => {
    const deps = memoryDeps();
    const authenticate = () => Promise.resolve({ uid: 'alice' });
    const shared = {
      ...deps,
      authenticate,
      accept: (upload: Parameters<typeof acceptUpload>[1]) => acceptUpload(deps, upload),
      limits: { maxRequestBytes: 100_000, maxFiles: 4, maxRecordingBytes: 50_000 },
      now: () => NOW_MS,
    };
    const handlers = [
      createUploadHandler(shared),
      createOmiHandler({
        ...shared,
        isServed: () => true,
        authenticateUpload: authenticate,
        readConversation: () => Promise.resolve(null),
      }),
      createStatusHandler({ ...shared, filesOf: () => Promise.resolve([]) }),
      createJobsHandler({ ...shared, jobs: { list: () => Promise.resolve({ jobs: [], nextPageToken: null }) } }),
      createSharedHandler({ ...shared, read: () => Promise.reject(new AppError('share_not_found')) }),
      createSharedAudioHandler({ ...shared, read: () => Promise.reject(new AppError('audio_not_found')) }),
    ];
    const { contentType, body: rawBody } = multipart(parts);
    const headers = { 'Content-Type': contentType, 'Idempotency-Key': key, 'X-Share-Token': key.slice(0, 43) };
    const handler = handlers[index] ?? createUploadHandler(shared);
    const answer = await call(handler, { method, path, query, headers, rawBody });
    return answer.status < 500 && asJson(answer.body).length < 100_000 && !asJson(deps.logger.entries).includes(MARK);
  }),
);
