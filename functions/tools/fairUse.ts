/**
 * `npm run fair-use -- --project <id> --user <uid> [--stage none|throttled|restricted] [--until <time>] [--reason <text>] [--database <id>]`:
 * shows what a user has used today and at which stage of fair use they are; with `--stage`, sets it first.
 *
 * It is a program on the operator's own machine and not a function, so there is no address to attack. IAM alone decides who may run it
 * (application default credentials; writing to Firestore takes `roles/datastore.user`).
 */
import { initializeApp } from 'firebase-admin/app';
import { getFirestore, Timestamp } from 'firebase-admin/firestore';
import { FAIR_USE_STAGES } from 'offline-audio-sync-contract';
import { ownOptions } from '../cli/arguments.ts';
import { setStage } from '../src/usage/fairUse.ts';
import { dayOf, usageOf } from '../src/usage/usage.ts';

const USAGE =
  'Usage: npm run fair-use -- --project <id> --user <uid> [--stage none|throttled|restricted] [--until 2026-01-31T00:00:00Z] [--reason <text>] [--database <id>]';

const values = ownOptions(USAGE, {
  project: { type: 'string' },
  database: { type: 'string', default: '(default)' },
  user: { type: 'string' },
  stage: { type: 'string' },
  until: { type: 'string' },
  reason: { type: 'string' },
});
const stage = FAIR_USE_STAGES.find((each) => each === values.stage);
const untilMs = values.until === undefined ? null : Date.parse(values.until);
const { project, user } = values;
if (project === undefined || user === undefined || user === '' || user.includes('/')) fail(USAGE);
if (values.stage !== undefined && stage === undefined) fail(USAGE);
if (untilMs !== null && !(untilMs > Date.now())) fail(`--until is not a time to come. ${USAGE}`);

const db = getFirestore(initializeApp({ projectId: project }), values.database);
if (stage !== undefined) {
  await setStage(db, user, {
    stage,
    until: untilMs === null ? null : Timestamp.fromMillis(untilMs),
    reason: values.reason ?? null,
  });
}
const today = dayOf(Date.now());
const [profile, usage] = await db.getAll(db.doc(`users/${user}`), usageOf(db, user, today));
const fairUse = profile?.get('fairUse') as
  | { stage: string; until: Timestamp | null; reason: string | null }
  | undefined;
console.log(
  JSON.stringify({
    user,
    stage: fairUse?.stage ?? 'none',
    until: fairUse?.until?.toDate().toISOString() ?? null,
    reason: fairUse?.reason ?? null,
    today: Object.fromEntries(
      ['audioSeconds', 'speechSeconds', 'billedSeconds', 'requests'].map((name) => [
        name,
        (usage?.get(name) as number | undefined) ?? 0,
      ]),
    ),
  }),
);

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
