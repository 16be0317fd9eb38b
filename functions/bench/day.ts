/** Sends a day's recordings through upload and worker, in this process, on the Firestore and Storage of the Emulator Suite. */
import { setTimeout as sleep } from 'node:timers/promises';
import pMap from 'p-map';
import type { Listener } from '../src/audio/detect/listener.ts';
import { budgetLimits, fairUseLimits } from '../src/usage/settings.ts';
import { acceptUpload } from '../src/upload/accept.ts';
import type { AcceptDeps } from '../src/upload/accept.ts';
import { beginJob } from '../src/upload/begin.ts';
import { checkManifest, checkRecordings } from '../src/upload/recordings.ts';
import { UploadedObjects } from '../src/storage/objects.ts';
import { createArrivalHandler } from '../src/upload/arrivalEvents.ts';
import { DailyBudget } from '../src/usage/budget.ts';
import { FairUse } from '../src/usage/fairUse.ts';
import { countListened, countOperations } from '../test/support/operations.ts';
import { md5Of } from '../test/support/sdkClient.ts';
import { TestWorld } from '../test/support/worker.ts';
import type { NamedBytes } from '../test/support/worker.ts';
import { fileName, minuteBytes } from './sound.ts';

/**
 * How recordings are uploaded. `multipart`: in requests of 200 recordings. `direct`: each by itself to Storage, all in one job.
 */
export type Way = 'multipart' | 'direct';

export interface Day {
  readonly way: Way;
  readonly recordings: number;
  readonly reads: number;
  readonly writes: number;
  readonly deletes: number;
  /** What a listener on the job's document receives from the beginning of a direct upload to the end of its job, MiB. */
  readonly listenedMb: number;
  readonly conversations: number;
}

const DAY_START = Date.UTC(2026, 0, 5);
const FIELDS = { deviceId: null, conversationId: null, clockOffsetMs: 0 };
const REQUEST_FILES = 200;
/** Like an app on an ordinary network: four recordings at a time. */
const UPLOADS_AT_ONCE = 4;
const UPLOAD_MS = 1000;

/** Budgets and fair use have the deployed values: they also read and write documents. */
export async function day(way: Way, hours: number, listener: Listener): Promise<Day> {
  const files = await Promise.all(
    Array.from({ length: 60 * hours }, async (_, i) => ({
      filename: fileName('opus10', DAY_START + i * 60_000),
      bytes: await bytesOf(i),
    })),
  );
  const world = new TestWorld({ listener: () => Promise.resolve(listener), concurrency: 4 });
  const { db, logger } = world;
  const now = Date.now;
  const budget = new DailyBudget({ db, limits: budgetLimits(), logger, now });
  const fairUse = new FairUse({ db, jobs: world.deps.jobs, limits: fairUseLimits(), now });
  const deps = { ...world.acceptDeps(), budget, fairUse };
  const operations = countOperations();
  const listened = countListened();
  const jobs = await (way === 'multipart' ? accept(files, world, deps) : arrive(files, world, deps));
  for (const jobId of jobs) await world.deliver(jobId, { budget, fairUse });
  operations.stop();
  const conversations = (await world.conversations()).length;
  await world.close();
  listened.stop();
  const { reads, writes, deletes } = operations.count;
  return { way, recordings: files.length, reads, writes, deletes, listenedMb: listened.bytes / 2 ** 20, conversations };
}

/**
 * An hour of audio, repeated, so that speech has to be detected only once. Each recording ends with a different torn frame, so
 * that none is a duplicate.
 */
async function bytesOf(minute: number): Promise<Uint8Array> {
  const torn = Buffer.alloc(4 + 4);
  torn.writeUInt32LE(99, 0);
  torn.writeUInt32LE(minute, 4);
  return Buffer.concat([await minuteBytes('opus10', minute % 60), torn]);
}

async function accept(files: readonly NamedBytes[], { uid }: TestWorld, deps: AcceptDeps): Promise<string[]> {
  const jobs: string[] = [];
  for (let from = 0; from < files.length; from += REQUEST_FILES) {
    const rules = { nowMs: deps.now(), maxRecordingBytes: 1e9 };
    const recordings = checkRecordings(files.slice(from, from + REQUEST_FILES), FIELDS, rules);
    const { jobId } = await acceptUpload(deps, { uid, idempotencyKey: null, fields: FIELDS, recordings });
    jobs.push(jobId);
  }
  return jobs;
}

async function arrive(files: readonly NamedBytes[], world: TestWorld, deps: AcceptDeps): Promise<string[]> {
  const declared = files.map(({ filename, bytes }) => ({ name: filename, size: bytes.length, md5: md5Of(bytes) }));
  const recordings = checkManifest(declared, FIELDS, { nowMs: deps.now(), maxRecordingBytes: 1e9 });
  const sent = { uid: world.uid, idempotencyKey: null, fields: FIELDS, recordings };
  const { jobId } = await beginJob(deps, sent, { contentHash: '', upload: 'direct' });
  const objects = new UploadedObjects(world.bucket());
  const receive = createArrivalHandler({ ...world.deps, objects });
  world.deps.jobs.ref(jobId).onSnapshot(() => undefined);
  const received: Promise<void>[] = [];
  const upload = async ({ filename, bytes }: NamedBytes): Promise<void> => {
    const file = world.bucket().file(`uploads/${world.uid}/${jobId}/${filename}`);
    await file.save(Buffer.from(bytes), { resumable: false });
    const { generation, size, md5Hash } = file.metadata;
    // An app does not wait until Storage has called the function.
    received.push(receive({ name: file.name, generation: generation ?? '', size: size ?? 0, md5Hash }));
  };
  await pMap(files, (file) => Promise.all([upload(file), sleep(UPLOAD_MS)]), { concurrency: UPLOADS_AT_ONCE });
  await Promise.all(received);
  return [jobId];
}
