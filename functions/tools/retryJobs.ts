/**
 * `npm run retry-jobs -- --project <id> --code <code> --since <time> [--dry-run] [--database <id>]`: retries every job that ended since
 * then and has a recording that failed with this code. `--dry-run` lists the jobs and writes nothing. Prints one line of JSON for each
 * job, and one for the sums.
 *
 * It is a program on the operator's own machine and not a function: IAM alone decides who may run it (application default credentials;
 * writing to Firestore takes `roles/datastore.user`). It enqueues nothing: the sweeper enqueues waiting jobs within minutes, page by
 * page, so that not all of them begin at the same moment.
 */
import { initializeApp } from 'firebase-admin/app';
import { getFirestore } from 'firebase-admin/firestore';
import { isErrorCode } from 'offline-audio-sync-contract';
import { ownOptions } from '../cli/arguments.ts';
import { failedJobsDeps, retryFailedJobs } from './failedJobs.ts';

const USAGE =
  'Usage: npm run retry-jobs -- --project <id> --code <code> --since 2026-01-31T00:00:00Z [--dry-run] [--database <id>]';

const values = ownOptions(USAGE, {
  project: { type: 'string' },
  database: { type: 'string', default: '(default)' },
  code: { type: 'string' },
  since: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
});
const { project, code, since } = values;
if (project === undefined || code === undefined || since === undefined) fail(USAGE);
if (!isErrorCode(code)) fail(`There is no code ${code}: docs/operations.md has a list.`);
const sinceMs = Date.parse(since);
if (Number.isNaN(sinceMs)) fail(`--since is no time. ${USAGE}`);

const db = getFirestore(initializeApp({ projectId: project }), values.database);
const sums: Record<string, number> = {};
for await (const job of retryFailedJobs({ code, sinceMs, dryRun: values['dry-run'] }, failedJobsDeps(db))) {
  sums[job.outcome] = (sums[job.outcome] ?? 0) + 1;
  console.log(JSON.stringify(job));
}
console.log(JSON.stringify({ jobs: sums }));
process.exit(0);

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
