/** Runs a case of an upload that breaks off, after which its client tries again or not. */
import { StandInControl } from '../../../dev/deepgram/control.ts';
import { describe } from './boundaries.ts';
import type { UploadCase } from './case.ts';
import { startUploader } from './children.ts';
import type { CaseRun } from './taskCase.ts';
import type { Surroundings, World } from './world.ts';

const KEY = 'the-same-key';

/** Longer than an unfinished upload is kept, milliseconds. */
const EXPIRY_MS = 25 * 3600_000;

export async function runUploadCase(
  each: UploadCase,
  world: World,
  { standInUrl, scripts }: Surroundings,
): Promise<CaseRun> {
  const { scenarios, plan, failStaging } = each;
  const idempotencyKey = each.withKey ? KEY : null;
  const complaints: string[] = [];
  const { uid, projectId, aheadMs } = world;
  const ending = await startUploader(
    scripts,
    { uid, projectId, aheadMs, idempotencyKey, scenarios, plan, failStaging },
    ({ payload, redrive }) => void world.tasks.enqueue(payload, { redrive }),
  ).ending;
  if (ending.kind === 'crashed' || (ending.kind === 'threw' && !ending.expected)) {
    complaints.push(`the upload (${describe(plan)}): ${ending.error}`);
  }

  const retried = each.then === 'retry' ? await world.accept(scenarios, { idempotencyKey }) : null;
  const begun = await world.jobs();
  if (each.withKey && begun.size > 1) complaints.push(`one upload became ${begun.size} jobs`);
  await world.drainTasks();
  // An unfinished upload has expired by then.
  world.advance(EXPIRY_MS);
  await world.sweep();
  await world.drain();

  const jobs = [...(await world.jobs())];
  const completed = jobs.filter(([, { status }]) => status === 'completed');
  if (retried !== null && !completed.some(([id]) => id === retried))
    complaints.push(`the retried job is not completed`);
  for (const [id, { status, failures }] of jobs) {
    const expired = status === 'failed' && failures.every(({ code }) => code === 'upload_expired');
    if (status !== 'completed' && !expired) complaints.push(`job ${id} is ${status}`);
  }
  const { requests } = await new StandInControl(standInUrl).log();
  const evidence = {
    scenarios: completed.length > 0 ? scenarios : [],
    log: requests,
    excused: new Set<string>(),
    isRecut: false,
    isDivided: false,
  };
  return { evidence, met: ending.kind === 'killed' ? [plan] : [], complaints };
}
