/** The task function in the Functions emulator is killed in the middle of its work, and the queue delivers its task again. */
import assert from 'node:assert/strict';
import { StandInControl } from '../../../dev/deepgram/control.ts';
import { processesWith } from '../../../dev/emulators/processes.ts';
import { chunksOf } from '../../src/jobs/chunk.ts';
import { checkUser } from '../invariants/check.ts';
import { everyWordOnce, noStoredChunkAskedAgain, successfulRequestsBounded } from '../invariants/requests.ts';
import { loadUserData } from '../invariants/userData.ts';
import { sampleOf } from '../support/checks.ts';
import { uploadFiles, waitForJob } from '../support/client.ts';
import { bucket, db, signUp } from '../support/suite.ts';
import { until } from '../support/until.ts';
import { filesOf } from '../support/worker.ts';

/** Processes of a function of this suite, because others may run at the same time. Their environment names the function. */
function workersOf(functionName: string): number[] {
  const ours = new Set(processesWith(`FIRESTORE_EMULATOR_HOST=${process.env['FIRESTORE_EMULATOR_HOST'] ?? ''}`));
  return processesWith(`FUNCTION_TARGET=${functionName}`).filter((pid) => ours.has(pid));
}

describe('a worker that is killed', () => {
  const standIn = new StandInControl(process.env['DEEPGRAM_STANDIN_URL'] ?? '');

  beforeEach(() => standIn.reset());
  afterEach(() => standIn.reset());

  it('is followed by another one, which asks only for what is not stored', async function () {
    const walk = sampleOf('walk');
    const { uid, idToken } = await signUp();
    await standIn.behave({ match: { nth: 2 }, hang: true });
    const files = filesOf(walk).map(({ filename, bytes }) => ({ name: filename, bytes }));
    const { body } = await uploadFiles(idToken, files);

    const asked = async (): Promise<number> => (await standIn.log()).requests.length;
    const stored = async (): Promise<number> => (await chunksOf(db, body.job_id).count().get()).data().count;
    await until(async () => (await asked()) === 2 && (await stored()) === 1);
    const workers = workersOf('processSyncJob');
    assert.ok(workers.length > 0, 'the worker is found');
    for (const pid of workers) process.kill(pid, 'SIGKILL');

    const job = await waitForJob(idToken, body.job_id);
    assert.equal(job.status, 'completed');
    const data = await loadUserData(db, bucket, uid);
    const { requests } = await standIn.log();
    const spoken = walk.words.map(({ text, startMs, endMs }) => ({ deviceId: walk.deviceId, text, startMs, endMs }));
    assert.deepEqual(checkUser(data, { nowMs: Date.now(), gapMs: 120_000, graceMs: 60_000 }), []);
    assert.deepEqual(everyWordOnce(data, spoken), []);
    assert.deepEqual(noStoredChunkAskedAgain(data, requests), []);
    assert.deepEqual(successfulRequestsBounded(data, requests, 0), []);
    assert.equal(requests.length, 3, 'one more than the chunks: the one that hung');
  });
});
