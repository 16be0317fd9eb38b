/**
 * `npm run check:invariants -- --project <id> [--uid <uid>] [--bucket <name>] [--gap-seconds 120] [--database <id>]`: checks the data of
 * a project against the invariants, and writes nothing. A deployed project needs application default credentials (`gcloud auth
 * application-default login`). Emulators are found by `FIRESTORE_EMULATOR_HOST` and `STORAGE_EMULATOR_HOST`, as `npm run emulators:exec`
 * sets them. Exits with 0 if every invariant holds, else with 1.
 */
import { initializeApp } from 'firebase-admin/app';
import { getFirestore } from 'firebase-admin/firestore';
import type { Firestore } from 'firebase-admin/firestore';
import { getStorage } from 'firebase-admin/storage';
import type { Storage } from 'firebase-admin/storage';
import { ownOptions } from '../../cli/arguments.ts';
import { JOBS } from '../../src/jobs/job.ts';
import { checkUser, INVARIANTS } from './check.ts';
import type { Violation } from './check.ts';
import { loadUserData } from './userData.ts';

type Bucket = ReturnType<Storage['bucket']>;

const USAGE =
  'Usage: npm run check:invariants -- --project <id> [--uid <uid>] [--bucket <name>] [--gap-seconds 120] [--database <id>]';

/** Complaints of one invariant that are printed; the others are counted. */
const SHOWN = 20;

/** The sweeper runs every five minutes and acts a minute after something is due; the platform retries earlier. */
const GRACE_MS = 15 * 60_000;

const values = ownOptions(USAGE, {
  project: { type: 'string' },
  database: { type: 'string', default: '(default)' },
  uid: { type: 'string' },
  bucket: { type: 'string' },
  'gap-seconds': { type: 'string', default: '120' },
});
const gapMs = Number(values['gap-seconds']) * 1000;
if (values.project === undefined || !(gapMs > 0)) {
  console.error(USAGE);
  process.exit(1);
}

const app = initializeApp({ projectId: values.project });
const db = getFirestore(app, values.database);
const bucket = await findBucket(getStorage(app), values.project, values.bucket);

const violations: Violation[] = [];
let [users, jobs, chunks] = [0, 0, 0];
for await (const uid of values.uid === undefined ? allUsers(db, bucket) : [values.uid]) {
  const data = await loadUserData(db, bucket, uid);
  violations.push(...checkUser(data, { nowMs: Date.now(), gapMs, graceMs: GRACE_MS }));
  users += 1;
  jobs += data.jobs.size;
  chunks += data.chunks.length;
}
report(violations);
console.log(`${users} users, ${jobs} jobs, ${chunks} chunks: ${verdict(violations)}`);
process.exit(violations.length === 0 ? 0 : 1);

function report(all: readonly Violation[]): void {
  for (const invariant of Object.keys(INVARIANTS)) {
    const own = all.filter((violation) => violation.invariant === invariant);
    console.log(`${own.length === 0 ? '✓' : '✗'} ${invariant}`);
    for (const { uid, complaint } of own.slice(0, SHOWN)) console.log(`    user ${uid}: ${complaint}`);
    if (own.length > SHOWN) console.log(`    and ${own.length - SHOWN} more`);
  }
}

function verdict(all: readonly Violation[]): string {
  const names = [...new Set(all.map(({ invariant }) => invariant))];
  return names.length === 0 ? 'every invariant holds.' : `violated: ${names.join(', ')}.`;
}

/** All users who have a job or a staged object. Finding each user with a job costs one read. */
async function* allUsers(store: Firestore, staged: Bucket): AsyncGenerator<string> {
  const seen = new Set<string>();
  for (let uid = ''; ;) {
    const { docs } = await store.collection(JOBS).where('uid', '>', uid).orderBy('uid').select('uid').limit(1).get();
    const next: unknown = docs[0]?.get('uid');
    if (typeof next !== 'string') break;
    yield (uid = next);
    seen.add(uid);
  }
  for (let pageToken: string | undefined; ;) {
    const [, next, response] = await staged.getFiles({
      prefix: 'uploads/',
      delimiter: '/',
      autoPaginate: false,
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    const { prefixes = [] } = response as { prefixes?: string[] };
    for (const prefix of prefixes) {
      const uid = prefix.split('/')[1] ?? '';
      if (uid !== '' && !seen.has(uid)) yield uid;
    }
    pageToken = (next as { pageToken?: string } | null)?.pageToken;
    if (pageToken === undefined) return;
  }
}

/** Default buckets have one of two kinds of names; in the emulator it is the older one. */
async function findBucket(storage: Storage, project: string, name: string | undefined): Promise<Bucket> {
  if (name !== undefined) return storage.bucket(name);
  const older = storage.bucket(`${project}.appspot.com`);
  if (process.env['STORAGE_EMULATOR_HOST'] !== undefined) return older;
  const newer = storage.bucket(`${project}.firebasestorage.app`);
  return (await newer.exists())[0] ? newer : older;
}
