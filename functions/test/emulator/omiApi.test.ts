import assert from 'node:assert/strict';
import { loadSamples, readRecording } from '../../../dev/samples/samples.ts';
import type { ProblemBody } from 'offline-audio-sync-contract';
import { uploadFiles } from '../support/client.ts';
import { startEntryPoints } from '../support/entryPoints.ts';
import { OmiClient, OmiUploadError } from '../support/omiClient.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../support/recordings.ts';
import { functionUrl, HOSTING_ORIGIN, signUp } from '../support/suite.ts';
import type { TestUser } from '../support/suite.ts';

const unreadable = { name: `audio_friend_lc3_fs1030_16000_1_fs30_${CAPTURED_AT}.bin`, bytes: pcmRecording() };
const workshop = loadSamples().find(({ scenario }) => scenario === 'workshop')!;

describe('an app that speaks to Omi’s backend', () => {
  let user: TestUser;
  before(async () => {
    user = await signUp();
  });

  const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\d']+/gu) ?? [];

  for (const [where, baseUrl] of [
    ['behind Hosting', `${HOSTING_ORIGIN}/`],
    ['at the function’s own address', `${functionUrl('omiApi')}/`],
  ] as const) {
    it(`uploads, polls and reads with one changed URL, ${where}`, async function () {
      const app = new OmiClient(baseUrl, (await signUp()).idToken);
      const files = workshop.recordings.map((recording) => ({
        name: recording.name,
        bytes: readRecording(workshop, recording),
      }));
      // The app names the conversation of its live capture, which is unknown here.
      const jobId = await app.upload([...files, unreadable], 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6');
      const { status, result, failed_segments: failed } = await app.poll(jobId);
      assert.deepEqual([status, failed, result?.errors.length], ['partial_failure', 1, 1]);
      assert.match(result?.errors[0] ?? '', /lc3_fs1030/);
      assert.equal(result?.new_memories.length, workshop.conversations.length);

      const memories = await Promise.all(result.new_memories.map((id) => app.conversation(id)));
      const read = memories
        .sort((a, b) => (a?.started_at ?? '').localeCompare(b?.started_at ?? ''))
        .flatMap((memory) => memory?.transcript_segments ?? []);
      assert.deepEqual(
        words(read.map(({ text }) => text).join(' ')),
        words(workshop.words.map(({ text }) => text).join(' ')),
      );

      // The app sends its recordings again, and nothing is transcribed twice.
      const again = await app.poll(await app.upload(files));
      assert.deepEqual([again.status, again.result?.new_memories], ['completed', []]);
    });
  }

  it('gets an answer that it can act on if nothing of a batch can be accepted', async () => {
    const app = new OmiClient(`${HOSTING_ORIGIN}/`, user.idToken);
    await assert.rejects(app.upload([unreadable]), (error) => error instanceof OmiUploadError && error.status === 400);
    const stranger = new OmiClient(`${HOSTING_ORIGIN}/`, 'no token');
    await assert.rejects(
      stranger.upload([unreadable]),
      (error) => error instanceof OmiUploadError && error.status === 401,
    );
    await assert.rejects(app.poll('unknown'), /not found/);
    assert.equal(await app.conversation('unknown'), null);
  });
});

describe('an address', () => {
  let user: TestUser;
  before(async () => {
    user = await signUp();
  });

  it('that is not known is answered in JSON, below /v1 and /v2', async () => {
    for (const path of [
      '/v2',
      '/v2/',
      '/v1/anything',
      '/v3/sync/jobs',
      '/v2/sync',
      '/v2/sync/statuses',
      '/v2/sync/upload/more',
    ]) {
      const response = await fetch(`${HOSTING_ORIGIN}${path}`);
      assert.equal(response.status, 404, path);
      assert.match(response.headers.get('content-type') ?? '', /^application\/json/, path);
      const { error } = (await response.json()) as ProblemBody;
      assert.equal(error.code, 'path_not_found', path);
    }
  });

  it('of Omi’s API is not known unless the operator serves it', async () => {
    const entryPoints = await startEntryPoints({ OMI_API: 'false' }, { keys: [] });
    try {
      const response = await fetch(`${entryPoints.urls['omiApi'] ?? ''}/v2/sync-local-files/none`);
      assert.deepEqual([response.status, ((await response.json()) as ProblemBody).error.code], [404, 'path_not_found']);
    } finally {
      await entryPoints.stop();
    }
  });

  it('of a job’s status leads to it from each address to which uploads are sent', async () => {
    const headers = { Authorization: `Bearer ${user.idToken}` };
    const recording = { name: pcmName(CAPTURED_AT + 500), bytes: pcmRecording({ frames: 2 }) };
    const { headers: answered, body } = await uploadFiles(user.idToken, [recording]);
    const form = new FormData();
    form.append('files', new File([Uint8Array.from(recording.bytes)], recording.name));
    const direct = await fetch(functionUrl('syncUpload'), { method: 'POST', headers, body: form });
    const places = [
      [`${HOSTING_ORIGIN}/v2/sync/upload`, answered.get('location'), body.job_id],
      [functionUrl('syncUpload'), direct.headers.get('location'), ((await direct.json()) as { job_id: string }).job_id],
    ] as const;
    for (const [url, location, jobId] of places) {
      const response = await fetch(new URL(location ?? '', url), { headers });
      assert.equal(((await response.json()) as { job_id: string }).job_id, jobId, url);
    }
  });
});
