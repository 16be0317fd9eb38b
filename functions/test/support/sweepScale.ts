/** Many jobs of every kind that the sweeper handles, and their expected states after it. */
import assert from 'node:assert/strict';
import pMap from 'p-map';
import { filesOf } from '../../src/jobs/files.ts';
import type { Job, JobStatus } from '../../src/jobs/job.ts';
import { describedBy } from './jobFiles.ts';
import type { JobWithFiles } from './jobFiles.ts';
import type { StepReport } from '../../src/sweeper/sweep.ts';
import { countOperations } from './operations.ts';
import type { OperationCount } from './operations.ts';
import { DAY_MS, HOUR_MS } from './sweepWorld.ts';
import type { SweepWorld } from './sweepWorld.ts';

interface Kind {
  readonly job: (world: SweepWorld) => Partial<JobWithFiles>;
  /** Its status after the sweep; null if it was deleted. */
  readonly becomes: JobStatus | null;
  /** How often it is enqueued. */
  readonly tasks: 0 | 1;
  readonly keepsObject: boolean;
}

const KINDS: Readonly<Record<string, Kind>> = {
  dead: {
    job: (world) => ({
      status: 'processing',
      lease: { owner: 'w', expiresAt: world.ago(HOUR_MS) },
      updatedAt: world.ago(HOUR_MS),
    }),
    becomes: 'pending',
    tasks: 1,
    keepsObject: true,
  },
  pending: {
    job: (world) => ({ status: 'pending', updatedAt: world.ago(HOUR_MS) }),
    becomes: 'pending',
    tasks: 1,
    keepsObject: true,
  },
  deferred: {
    job: (world) => ({
      status: 'deferred',
      waitingFor: { reason: 'transcription_unavailable', message: '', until: world.ago(HOUR_MS) },
    }),
    becomes: 'deferred',
    tasks: 1,
    keepsObject: true,
  },
  uploading: {
    job: (world) => ({
      createdAt: world.ago(2 * DAY_MS),
      waitingFor: { reason: 'uploads', message: '', until: world.ago(DAY_MS) },
    }),
    becomes: 'failed',
    tasks: 0,
    keepsObject: false,
  },
  retained: {
    job: (world) => ({
      status: 'deferred',
      waitingFor: { reason: 'transcription_not_configured', message: '', until: world.ago(-HOUR_MS) },
      createdAt: world.ago(31 * DAY_MS),
      expiresAt: world.ago(-6 * DAY_MS),
    }),
    becomes: 'failed',
    tasks: 0,
    keepsObject: false,
  },
  unannounced: {
    job: (world) => ({ ...ended(world), notifiedAt: null }),
    becomes: 'completed',
    tasks: 0,
    keepsObject: false,
  },
  expired: {
    job: (world) => ({ ...ended(world), expiresAt: world.ago(HOUR_MS) }),
    becomes: null,
    tasks: 0,
    keepsObject: false,
  },
  working: {
    job: (world) => ({ status: 'processing', lease: { owner: 'w', expiresAt: world.ago(-HOUR_MS) } }),
    becomes: 'processing',
    tasks: 0,
    keepsObject: true,
  },
};

function ended(world: SweepWorld): Partial<JobWithFiles> {
  return {
    status: 'completed',
    files: [],
    finishedAt: world.ago(DAY_MS),
    notifiedAt: world.ago(DAY_MS),
    expiresAt: world.ago(-DAY_MS),
  };
}

const NAMES = Object.keys(KINDS);

export interface Population {
  readonly jobs: number;
  readonly objects: number;
}

function kindOf(i: number): Kind {
  return KINDS[NAMES[i % NAMES.length]!]!;
}

const jobIdOf = (i: number): string => `job${String(i).padStart(6, '0')}`;

/** Writes the jobs, each with one object, and adds objects of deleted jobs, two of each, up to the number of objects. */
export async function populate(world: SweepWorld, { jobs, objects }: Population): Promise<void> {
  const { files: _files, ...template } = await world.put('template');
  await world.deps.jobs.ref('template').delete();
  const writer = world.db.bulkWriter();
  for (let i = 0; i < jobs; i += 1) {
    const jobId = jobIdOf(i);
    const { job: change, becomes } = kindOf(i);
    const file = world.file(
      jobId,
      'a.bin',
      becomes === 'completed' || becomes === null
        ? 'transcribed'
        : i % NAMES.length === NAMES.indexOf('uploading')
          ? 'expected'
          : 'staged',
    );
    const { files: _none, ...job } = { files: [], ...template, ...change(world), ...describedBy([file]) };
    void writer.set(world.deps.jobs.ref(jobId), job);
    const page = { uid: job.uid, jobId, files: [file], expiresAt: job.expiresAt };
    void writer.set(filesOf(world.db, jobId).doc('0'), page);
  }
  await writer.close();
  const orphans = Array.from({ length: objects - jobs }, (_, i) => `uploads/ann/gone${i >> 1}/${i & 1}.bin`);
  const own = Array.from({ length: jobs }, (_, i) => `uploads/ann/${jobIdOf(i)}/a.bin`);
  await pMap([...own, ...orphans], (path) => world.stage(path), { concurrency: 32 });
}

export interface ScaleResult {
  readonly runs: readonly {
    readonly reports: readonly StepReport[];
    readonly ms: number;
    readonly count: OperationCount;
  }[];
}

/** Runs the sweeper until a run leaves nothing for the next one. */
export async function sweepAll(world: SweepWorld): Promise<ScaleResult> {
  const runs = [];
  for (let more = true; more;) {
    const operations = countOperations();
    const began = performance.now();
    const reports = [...(await world.sweep()).values()];
    operations.stop();
    runs.push({ reports, ms: performance.now() - began, count: operations.count });
    more = reports.some((report) => report.more);
  }
  return { runs };
}

/** @throws AssertionError if a job or an object is not as expected. */
export async function assertSwept(world: SweepWorld, { jobs }: Population): Promise<void> {
  const { docs } = await world.db.collection('offline_sync_jobs').get();
  const statuses = new Map(docs.map((doc) => [doc.id, (doc.data() as Job).status]));
  // Enqueuing a task again adds no other one.
  const tasks = new Map<string, Set<string>>();
  for (const { jobId, epoch, redrive } of world.enqueued) {
    tasks.set(jobId, (tasks.get(jobId) ?? new Set()).add(`${epoch} ${redrive}`));
  }
  const kept: string[] = [];
  for (let i = 0; i < jobs; i += 1) {
    const jobId = jobIdOf(i);
    const kind = kindOf(i);
    assert.equal(statuses.get(jobId) ?? null, kind.becomes, `${jobId}, ${NAMES[i % NAMES.length]}`);
    assert.equal(tasks.get(jobId)?.size ?? 0, kind.tasks, `tasks of ${jobId}, ${NAMES[i % NAMES.length]}`);
    if (kind.keepsObject) kept.push(`uploads/ann/${jobId}/a.bin`);
  }
  assert.deepEqual(await world.objects(), kept);
}
