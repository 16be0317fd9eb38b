import assert from 'node:assert/strict';
import { FirebaseError } from 'firebase/app';
import type { CallableProblem } from 'offline-audio-sync-contract';
import type { JobView } from 'offline-audio-sync-contract';
import { closeAfterAll } from '../../../dev/test/closing.ts';
import { readJob } from '../support/jobFiles.ts';
import { getStatus, hasEnded, waitForJob } from '../support/client.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../support/recordings.ts';
import { declared, md5Of, SdkClient } from '../support/sdkClient.ts';
import type { Manifest, ManifestFile } from '../support/sdkClient.ts';
import { bucket, db, jobIds, stagedObjects, untilWrappedUp } from '../support/suite.ts';

interface Sent {
  readonly bytes: Uint8Array;
  readonly file: ManifestFile;
}

/** Different recordings, ten seconds apart. */
function recordings(count: number, { from = 0, withMd5 = true } = {}): Sent[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = pcmRecording({ frames: 10, value: from + i });
    const { md5, ...unknown } = declared(pcmName(CAPTURED_AT + 10 * (from + i)), bytes);
    return { bytes, file: withMd5 ? { ...unknown, md5 } : unknown };
  });
}

/** The problem that a call must end with, and the code that the SDK shows for it. */
async function problemOf(call: Promise<unknown>): Promise<CallableProblem & { readonly sdkCode: string }> {
  const error: unknown = await call.then(
    () => assert.fail('It was accepted.'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof FirebaseError, String(error));
  return { ...(error as FirebaseError & { details: CallableProblem }).details, sdkCode: error.code };
}

/** The real SDK, the real triggers, the real rules. */
describe('an app that uploads straight to Storage', () => {
  let app: SdkClient;
  const closing = closeAfterAll();
  before(async () => {
    app = closing(await SdkClient.signUp());
  });

  const create = (sent: readonly Sent[], more: Partial<Manifest> = {}) =>
    app.createJob({ files: sent.map(({ file }) => file), ...more });
  const statusOf = async (jobId: string) => (await getStatus(await app.idToken(), jobId)).body;
  const until = async (jobId: string, isAsWanted: (job: JobView) => boolean = hasEnded) =>
    waitForJob(await app.idToken(), jobId, isAsWanted);
  const states = ({ files }: { readonly files: readonly { readonly state: string }[] }) =>
    files.map(({ state }) => state);
  const storedJob = async (jobId: string) => (await readJob(db, jobId))!;

  it('gets a job that waits for its recordings and says until when', async () => {
    const sent = recordings(2);
    const beforeMs = Date.now();
    const job = await create(sent);
    assert.deepEqual([job.status, job.bucket], ['uploading', bucket.name]);
    const begunMs = Date.parse(job.expires_at) - 24 * 3600_000;
    assert.ok(begunMs >= beforeMs && begunMs <= Date.now(), job.expires_at);
    assert.deepEqual(
      job.files,
      sent.map(({ file: { name } }) => ({ name, path: `uploads/${app.uid}/${job.job_id}/${name}`, state: 'expected' })),
    );
    const { status, waiting_for: waitingFor, file_count: count } = await statusOf(job.job_id);
    assert.deepEqual(
      [status, waitingFor?.reason, waitingFor?.until, count],
      ['uploading', 'uploads', job.expires_at, 2],
    );
  });

  it('uploads them in parallel, and the last arrival starts the job, which ends with every second accounted for', async () => {
    const sent = recordings(4, { from: 100, withMd5: false });
    const { job_id: jobId, files } = await create(sent);
    await Promise.all(files.map(({ path }, i) => app.upload(path, sent[i]!.bytes)));
    const job = await until(jobId);
    assert.deepEqual([job.status, ...states(job)], ['completed', 'silent', 'silent', 'silent', 'silent']);
    assert.deepEqual([job.ledger.audio_seconds, job.ledger.silent_seconds], [0.4, 0.4]);
    const stored = await storedJob(jobId);
    assert.deepEqual(
      stored.files.map(({ md5 }) => md5),
      sent.map(({ bytes }) => md5Of(bytes)),
    );
    assert.equal(stored.epoch, 0);
    await untilWrappedUp(jobId);
    assert.deepEqual(await stagedObjects(app.uid), []);

    const again = await create([...sent, ...recordings(1, { from: 104 })]);
    assert.deepEqual(states(again), Array(5).fill('expected'), 'without an MD5 nobody knows them yet');
    const known = sent.map(({ bytes, file }) => ({ bytes, file: declared(file.name, bytes) }));
    const settled = await create(known);
    assert.deepEqual(states(settled), Array(4).fill('duplicate'));
    const ended = await until(settled.job_id);
    assert.deepEqual([ended.status, ended.ledger.duplicate_seconds], ['completed', 0.4]);
  });

  it('is told why an uploaded object was removed, and may then upload the right one', async () => {
    const sent = recordings(2, { from: 200 });
    const { job_id: jobId, files } = await create(sent);
    const [first, second] = files;
    await app.upload(first!.path, sent[0]!.bytes.subarray(1));
    await app.upload(second!.path, pcmRecording({ frames: 10, value: 7 }));
    const refused = await until(jobId, ({ files }) => files.every(({ error }) => error !== null));
    assert.deepEqual(
      refused.files.map(({ state, error }) => [state, error?.code, error?.retryable]),
      Array(2).fill(['expected', 'upload_mismatch', true]),
    );
    assert.match(refused.files[0]!.error!.message, /3239 bytes arrived where 3240 were declared/);
    assert.match(refused.files[1]!.error!.message, /another MD5/);
    assert.equal(refused.status, 'uploading');
    assert.deepEqual((await bucket.getFiles({ prefix: `uploads/${app.uid}/${jobId}/` }))[0], []);

    await app.upload(first!.path, sent[0]!.bytes);
    const half = await until(jobId, (job) => states(job)[0] === 'staged');
    assert.equal(half.files[0]!.error, null);
    const denied = await app.upload(first!.path, sent[0]!.bytes).then(
      () => assert.fail('It was replaced.'),
      (error: unknown) => error,
    );
    assert.equal((denied as FirebaseError).code, 'storage/unauthorized');
    await app.upload(second!.path, sent[1]!.bytes);
    assert.equal((await until(jobId)).status, 'completed');
  });

  it('cannot leave objects that no job expects', async () => {
    const { job_id: jobId } = await create(recordings(1, { from: 300 }));
    const strays = [`uploads/${app.uid}/${jobId}/${pcmName()}`, `uploads/${app.uid}/nobodys-job/${pcmName()}`];
    for (const path of strays) {
      await app.upload(path, pcmRecording({ frames: 1 }));
      for (let [there] = await bucket.file(path).exists(); there;) [there] = await bucket.file(path).exists();
    }
    const { status, failures } = await statusOf(jobId);
    assert.deepEqual([status, failures], ['uploading', []]);
  });

  it('gets one job for one key, with its current states, even after it has ended', async () => {
    const sent = recordings(2, { from: 400 });
    const key = { idempotency_key: 'batch-1' };
    const [first, second] = await Promise.all([create(sent, key), create(sent, key)]);
    assert.deepEqual(second, first);
    await app.upload(first.files[0]!.path, sent[0]!.bytes);
    await until(first.job_id, (job) => states(job)[0] === 'staged');
    assert.deepEqual(states(await create([...sent].reverse(), key)), ['expected', 'staged'], 'in the order asked for');
    await app.upload(first.files[1]!.path, sent[1]!.bytes);
    await until(first.job_id);
    const after = await create(sent, key);
    assert.deepEqual([after.job_id, after.status, ...states(after)], [first.job_id, 'completed', 'silent', 'silent']);
    for (const other of [create(recordings(1, { from: 400 }), key), create(sent, { ...key, clock_offset_ms: 1 })]) {
      const { code, sdkCode } = await problemOf(other);
      assert.deepEqual([code, sdkCode], ['idempotency_conflict', 'functions/failed-precondition']);
    }
  });

  it('is refused if one recording is invalid, and is told what is wrong with each', async () => {
    const [good] = recordings(1, { from: 500 });
    const idsBefore = await jobIds(app.uid);
    const bad = [
      { ...good!.file, name: 'notes.txt' },
      { ...good!.file, name: pcmName(CAPTURED_AT + 1), size_bytes: 0 },
      { ...good!.file, name: pcmName(CAPTURED_AT + 2), size_bytes: 513 * 1024 * 1024 },
      { ...good!.file, name: pcmName(9_000_000_000) },
      good!.file,
    ];
    const problem = await problemOf(app.createJob({ files: [good!.file, ...bad] }));
    assert.deepEqual([problem.code, problem.sdkCode], ['invalid_recording', 'functions/invalid-argument']);
    assert.deepEqual(
      problem.details.map(({ file, code }) => [file, code]),
      bad.map(({ name }, i) => [
        name,
        ['bad_extension', 'empty_recording', 'recording_too_large', 'bad_timestamp', 'duplicate_name'][i],
      ]),
    );
    const malformed: unknown[] = [
      null,
      {},
      { files: [] },
      { files: 'all' },
      { files: [{ name: good!.file.name }] },
      { files: [{ ...good!.file, size_bytes: 1.5 }] },
      { files: [{ ...good!.file, md5: 'd41d8cd98f00b204e9800998ecf8427e' }] },
      { files: [good!.file], clock_offset_ms: '0' },
      { files: [good!.file], device_id: 'my phone' },
      { files: [good!.file], idempotency_key: 'ü' },
    ];
    for (const data of malformed) {
      assert.equal((await problemOf(app.call('createSyncJob', data))).code, 'invalid_request', JSON.stringify(data));
    }
    const many = (count: number, filler: string) =>
      Array.from({ length: count }, (_, i) => ({ name: `a${filler}_${1_760_000_000 + i}.wav`, size_bytes: 1 }));
    assert.equal((await problemOf(app.createJob({ files: many(1001, '') }))).code, 'too_many_files');
    assert.deepEqual(await jobIds(app.uid), idsBefore);
  });
});
