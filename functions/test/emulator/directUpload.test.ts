import assert from 'node:assert/strict';
import type { Job } from '../../src/jobs/job.ts';
import { getStatus, waitForJob } from '../support/client.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../support/recordings.ts';
import { declared, SdkClient } from '../support/sdkClient.ts';
import type { ManifestFile } from '../support/sdkClient.ts';
import { bucket, db, stagedObjects } from '../support/suite.ts';

interface Sent {
  readonly bytes: Uint8Array;
  readonly declared: ManifestFile;
}

/** Different recordings, ten seconds apart. */
function recordings(count: number, withMd5 = true): Sent[] {
  return Array.from({ length: count }, (_, i) => {
    const bytes = pcmRecording({ frames: 10, value: i });
    const { md5, ...unknown } = declared(pcmName(CAPTURED_AT + 10 * i), bytes);
    return { bytes, declared: withMd5 ? { ...unknown, md5 } : unknown };
  });
}

describe('an app that uploads straight to Storage', () => {
  let app: SdkClient;
  before(async () => {
    app = await SdkClient.signUp();
  });
  after(() => app.close());

  const statusOf = async (jobId: string) => (await getStatus(await app.idToken(), jobId)).body;
  const ended = async (jobId: string) => waitForJob(await app.idToken(), jobId);
  const storedJob = async (jobId: string) => (await db.doc(`offline_sync_jobs/${jobId}`).get()).data() as Job;

  async function create(sent: readonly Sent[], key?: string) {
    const files = sent.map((each) => each.declared);
    return app.createJob({ files, ...(key === undefined ? {} : { idempotency_key: key }) });
  }

  const uploadAll = (paths: readonly { readonly path: string }[], sent: readonly Sent[]) =>
    Promise.all(paths.map(({ path }, i) => app.upload(path, sent[i]!.bytes)));

  it('gets a job that waits for its recordings and says until when', async () => {
    const sent = recordings(2);
    const beforeMs = Date.now();
    const job = await create(sent);
    assert.equal(job.status, 'uploading');
    assert.equal(job.bucket, bucket.name);
    const waitMs = Date.parse(job.expires_at) - beforeMs;
    assert.ok(waitMs >= 24 * 3600_000 && waitMs < 24 * 3600_000 + 60_000, job.expires_at);
    assert.deepEqual(
      job.files,
      sent.map(({ declared: { name } }) => ({
        name,
        path: `uploads/${app.uid}/${job.job_id}/${name}`,
        state: 'expected',
      })),
    );
    const { status, waiting_for: waitingFor, file_count: count } = await statusOf(job.job_id);
    assert.deepEqual(
      [status, waitingFor?.reason, waitingFor?.until, count],
      ['uploading', 'uploads', job.expires_at, 2],
    );
  });

  it('uploads them at once, and the last one in starts the job, which ends with every second accounted for', async () => {
    const sent = recordings(5, false);
    const { job_id: jobId, files } = await create(sent);
    await uploadAll(files, sent);
    const job = await ended(jobId);
    assert.equal(job.status, 'completed');
    assert.deepEqual(
      job.files.map(({ state }) => state),
      Array(5).fill('silent'),
    );
    assert.deepEqual([job.ledger.audio_seconds, job.ledger.silent_seconds], [0.5, 0.5]);
    const stored = await storedJob(jobId);
    assert.deepEqual(
      stored.files.map(({ md5 }) => md5),
      sent.map(({ bytes }) => declared('', bytes).md5),
    );
    assert.equal(stored.epoch, 0, 'it was started once');
    assert.deepEqual(await stagedObjects(app.uid), []);
  });
});
