/** Random jobs and objects, and the objects that must remain, by rules that are written here independently of the code. */
import fc from 'fast-check';
import type { ErrorCode } from '../../src/errors.ts';
import type { FileState, Job, JobStatus } from '../../src/jobs/job.ts';
import type { SweepWorld } from './sweepWorld.ts';

export interface FileScenario {
  readonly state: FileState;
  /** Why it failed, if it did. */
  readonly code: ErrorCode;
  /** Whether its object exists. */
  readonly staged: boolean;
}

export interface JobScenario {
  /** Null if the job was deleted. */
  readonly status: JobStatus | null;
  readonly files: readonly FileScenario[];
  /** Whether there is also an object that is not a file of the job. */
  readonly stray: boolean;
  /** Whether the document of this id is another user's. */
  readonly foreign: boolean;
}

const UNFINISHED: readonly JobStatus[] = ['uploading', 'pending', 'processing', 'deferred'];
const FINISHED: readonly JobStatus[] = ['completed', 'partial', 'failed', 'cancelled'];
const STATES: readonly FileState[] = ['expected', 'staged', 'transcribed', 'silent', 'duplicate', 'failed'];
const RETRYABLE: readonly ErrorCode[] = ['recording_corrupt', 'transcription_rejected', 'attempts_exhausted'];
const RELEASED: readonly ErrorCode[] = ['upload_expired', 'retention_ended', 'job_cancelled'];

export const jobScenario: fc.Arbitrary<JobScenario> = fc.record({
  status: fc.oneof(fc.constantFrom(...UNFINISHED), fc.constantFrom(...FINISHED), fc.constant(null)),
  files: fc.array(
    fc.record({
      state: fc.constantFrom(...STATES),
      code: fc.constantFrom(...RETRYABLE, ...RELEASED),
      staged: fc.boolean(),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  stray: fc.boolean(),
  foreign: fc.constantFrom(false, false, false, true),
});

/** The paths of the objects that must exist after the sweep, and of those that must not. */
export interface Expectation {
  readonly kept: string[];
  readonly deleted: string[];
}

/** The objects of a job, divided into those that must remain and those that must be deleted. */
export function expectation(uid: string, jobId: string, { status, files, stray, foreign }: JobScenario): Expectation {
  const kept: string[] = [];
  const deleted: string[] = [];
  for (const [i, { state, code, staged }] of files.entries()) {
    if (!staged) continue;
    const isNeeded =
      status !== 'cancelled' &&
      (state === 'expected' || state === 'staged' || (state === 'failed' && RETRYABLE.includes(code)));
    const isLive = status !== null && !foreign && isNeeded;
    (isLive ? kept : deleted).push(`uploads/${uid}/${jobId}/${i}.bin`);
  }
  if (stray) deleted.push(`uploads/${uid}/${jobId}/stray.bin`);
  return { kept, deleted };
}

/** The document of a scenario; null if the job was deleted. The sweeper has nothing to do for it except with its objects. */
export function jobOf(world: SweepWorld, jobId: string, scenario: JobScenario): Partial<Job> | null {
  const { status, files, foreign } = scenario;
  if (status === null) return null;
  const ended = FINISHED.includes(status);
  const shown = files.map(({ state, code }, i) =>
    world.file(jobId, `${i}.bin`, state, state === 'failed' ? code : null),
  );
  const told = ended ? { finishedAt: world.ago(60_000), notifiedAt: world.ago(60_000) } : {};
  const live = { lease: { owner: 'w', expiresAt: world.ago(-60_000) } };
  return {
    status,
    ...told,
    ...(status === 'processing' ? live : {}),
    ...(foreign
      ? { uid: 'bob', files: shown.map((file) => ({ ...file, path: file.path.replace(world.uid, 'bob') })) }
      : { files: shown }),
  };
}
