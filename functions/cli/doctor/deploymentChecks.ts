/** Checks of what has been deployed. */
import * as z from 'zod';
import { QUEUE, ROLES } from '../../src/requirements.ts';
import { indexFileSchema, isSameIndex } from '../mergeRules/indexes.ts';
import { note, RIGHT, wrong } from './check.ts';
import type { ProjectCheck, Verdict } from './check.ts';
import type { Google } from './google.ts';
import { bucketOf, databaseOf, prefixOf, regionOf } from './place.ts';
import type { ProjectFiles } from './projectFiles.ts';

export const DEPLOYMENT_CHECKS: readonly ProjectCheck[] = [
  { name: 'Functions', of: 'project', run: checkFunctions },
  { name: 'Roles of the functions', of: 'project', run: checkRoles },
  { name: 'Queue', of: 'project', run: checkQueue },
  { name: 'Indexes', of: 'project', run: checkIndexes },
  { name: 'TTL policies', of: 'project', run: checkTtl },
  { name: 'Deployed rules', of: 'project', run: checkDeployedRules },
  { name: 'App Check', of: 'project', run: checkAppCheck },
];

const deployedSchema = z.object({
  functions: z
    .array(
      z.object({
        name: z.string(),
        state: z.string(),
        serviceConfig: z.object({ serviceAccountEmail: z.string().optional() }).optional(),
      }),
    )
    .default([]),
});

/** The functions of this installation, by the names that they are exported under. */
async function deployed(google: Google, files: ProjectFiles) {
  const address = `v2/projects/${google.project}/locations/${regionOf(files)}/functions?pageSize=1000`;
  const all = (await google.get('cloudfunctions', address, deployedSchema))?.functions ?? [];
  const prefix = prefixOf(files);
  return all.flatMap((each) => {
    const id = each.name.split('/').at(-1) ?? '';
    return id.startsWith(prefix) ? [{ ...each, id, exported: id.slice(prefix.length) }] : [];
  });
}

/** Without these, nothing is processed or cleaned up. A project that has none of them has not been deployed to. */
const ESSENTIAL = ['processSyncJob', 'sweepSyncJobs', 'onRecordingStaged', 'createSyncJob', 'onUserDeleted'];

async function checkFunctions(google: Google, files: ProjectFiles): Promise<Verdict[]> {
  const functions = await deployed(google, files);
  const deploy = `npx firebase deploy --only functions --project ${google.project}`;
  const missing = ESSENTIAL.filter((name) => !functions.some(({ exported }) => exported === name));
  if (missing.length > 0) return [wrong(`Not deployed in ${regionOf(files)}: ${missing.join(', ')}.`, deploy)];
  const broken = functions.filter(({ exported, state }) => ESSENTIAL.includes(exported) && state !== 'ACTIVE');
  return broken.length === 0
    ? [RIGHT]
    : [wrong(`Not active: ${broken.map(({ id, state }) => `${id} (${state})`).join(', ')}.`, deploy)];
}

const policySchema = z.object({
  bindings: z.array(z.object({ role: z.string(), members: z.array(z.string()).default([]) })).default([]),
});

/** Roles that contain all that the functions need. */
const BROAD = ['roles/owner', 'roles/editor'];

async function checkRoles(google: Google, files: ProjectFiles): Promise<Verdict[]> {
  const account = (await deployed(google, files)).find(({ exported }) => exported === 'processSyncJob')?.serviceConfig
    ?.serviceAccountEmail;
  if (account === undefined) return [{ kind: 'unknown', reason: 'the functions are not deployed' }];
  const address = `v1/projects/${google.project}:getIamPolicy`;
  const policy = await google.post('cloudresourcemanager', address, {}, policySchema);
  const member = `serviceAccount:${account}`;
  const has = new Set(policy?.bindings.filter(({ members }) => members.includes(member)).map(({ role }) => role));
  if (BROAD.some((role) => has.has(role)))
    return [
      note(
        `${account} may change nearly everything in the project.`,
        'Deploy again: the functions then get an account of their own with less.',
      ),
    ];
  const missing = Object.keys(ROLES).filter((role) => !has.has(role));
  return missing.length === 0
    ? [RIGHT]
    : missing.map((role) =>
        wrong(
          `${account} lacks ${role}.`,
          `gcloud projects add-iam-policy-binding ${google.project} --member=${member} --role=${role}`,
        ),
      );
}

async function checkQueue(google: Google, files: ProjectFiles): Promise<Verdict[]> {
  const name = `${prefixOf(files)}processSyncJob`;
  const schema = z.object({
    state: z.string(),
    retryConfig: z.object({ maxAttempts: z.number().optional() }).default({}),
    rateLimits: z.object({ maxConcurrentDispatches: z.number().optional() }).default({}),
  });
  const region = regionOf(files);
  const queue = await google.get(
    'cloudtasks',
    `v2/projects/${google.project}/locations/${region}/queues/${name}`,
    schema,
  );
  if (queue === null)
    return [wrong(`There is no queue ${name}.`, `npx firebase deploy --only functions --project ${google.project}`)];
  const where = `${name} --location=${region} --project ${google.project}`;
  const verdicts: Verdict[] = [];
  if (queue.state !== 'RUNNING')
    verdicts.push(
      wrong(`The queue is ${queue.state.toLowerCase()}: jobs wait.`, `gcloud tasks queues resume ${where}`),
    );
  if (queue.retryConfig.maxAttempts !== QUEUE.retryConfig.maxAttempts)
    verdicts.push(
      wrong(
        `The queue gives up after ${queue.retryConfig.maxAttempts ?? 'too few'} attempts.`,
        `gcloud tasks queues update ${where} --max-attempts=${QUEUE.retryConfig.maxAttempts}`,
      ),
    );
  const concurrent = queue.rateLimits.maxConcurrentDispatches ?? 0;
  if (concurrent !== QUEUE.rateLimits.maxConcurrentDispatches)
    verdicts.push(
      note(
        `The queue runs ${concurrent} tasks at once.`,
        `Deployed are ${QUEUE.rateLimits.maxConcurrentDispatches}; if that was no decision of yours, deploy again.`,
      ),
    );
  return verdicts.length === 0 ? [RIGHT] : verdicts;
}

const indexesSchema = z.object({
  indexes: z
    .array(
      z.looseObject({
        name: z.string(),
        queryScope: z.string(),
        state: z.string(),
        fields: z.array(z.looseObject({ fieldPath: z.string() })),
      }),
    )
    .default([]),
});

async function checkIndexes(google: Google, files: ProjectFiles): Promise<Verdict[]> {
  const address = `v1/projects/${google.project}/databases/${databaseOf(files)}/collectionGroups/-/indexes?pageSize=1000`;
  const stored = (await google.get('firestore', address, indexesSchema))?.indexes ?? [];
  const known = stored.map(({ name, queryScope, fields, state }) => ({
    index: { collectionGroup: /collectionGroups\/([^/]+)\//.exec(name)?.[1] ?? '', queryScope, fields },
    state,
  }));
  const ours = indexFileSchema.parse(JSON.parse(files.own.indexes)).indexes;
  const found = ours.map((index) => ({ index, state: known.find((each) => isSameIndex(each.index, index))?.state }));
  const missing = found.filter(({ state }) => state === undefined || state === 'NEEDS_REPAIR');
  const building = found.filter(({ state }) => state === 'CREATING');
  const named = (list: typeof found): string =>
    list
      .map(({ index }) => `${index.collectionGroup} (${index.fields.map(({ fieldPath }) => fieldPath).join(', ')})`)
      .join('; ');
  return [
    ...(missing.length === 0
      ? []
      : [
          wrong(
            `Missing: ${named(missing)}.`,
            `npx firebase deploy --only firestore:indexes --project ${google.project}`,
          ),
        ]),
    ...(building.length === 0
      ? []
      : [note(`Still being built: ${named(building)}.`, 'Wait: queries that need them fail until then.')]),
    ...(missing.length + building.length === 0 ? [RIGHT] : []),
  ];
}

async function checkTtl(google: Google, files: ProjectFiles): Promise<Verdict[]> {
  const address = `v1/projects/${google.project}/databases/${databaseOf(files)}/collectionGroups/-/fields?filter=ttlConfig:*&pageSize=1000`;
  const schema = z.object({
    fields: z.array(z.object({ name: z.string(), ttlConfig: z.object({ state: z.string() }).optional() })).default([]),
  });
  const fields = (await google.get('firestore', address, schema))?.fields ?? [];
  const policies = indexFileSchema
    .parse(JSON.parse(files.own.indexes))
    .fieldOverrides.filter(({ ttl }) => ttl === true);
  const missing = policies.filter(
    ({ collectionGroup, fieldPath }) =>
      !fields.some(
        ({ name, ttlConfig }) => name.endsWith(`/${collectionGroup}/fields/${fieldPath}`) && ttlConfig !== undefined,
      ),
  );
  return missing.length === 0
    ? [RIGHT]
    : missing.map(({ collectionGroup, fieldPath }) =>
        wrong(
          `Documents of ${collectionGroup} do not expire.`,
          `gcloud firestore fields ttls update ${fieldPath} --collection-group=${collectionGroup} --enable-ttl --database='${databaseOf(files)}' --project ${google.project}`,
        ),
      );
}

async function checkDeployedRules(google: Google, files: ProjectFiles): Promise<Verdict[]> {
  const database = databaseOf(files);
  const bucket = await bucketOf(google, files);
  const firestore = database === '(default)' ? 'cloud.firestore' : `cloud.firestore/${database}`;
  // A release, a line that our rules have, and what deploys them.
  const releases = [
    [firestore, 'match /offline_sync_jobs/', 'firestore:rules'],
    ...(bucket === null ? [] : ([[`firebase.storage/${bucket}`, 'match /uploads/{uid}/', 'storage']] as const)),
  ] as const;
  const verdicts: Verdict[] = [];
  for (const [name, line, only] of releases) {
    if (!(await hasLine(google, name, line))) {
      const deploy = `npx firebase deploy --only ${only} --project ${google.project}`;
      verdicts.push(wrong(`The deployed rules (${name}) lack those of this package.`, deploy));
    }
  }
  return verdicts.length === 0 ? [RIGHT] : verdicts;
}

const releaseSchema = z.object({ rulesetName: z.string() });
const rulesetSchema = z.object({ source: z.object({ files: z.array(z.object({ content: z.string() })) }) });

async function hasLine(google: Google, release: string, line: string): Promise<boolean> {
  const released = await google.get(
    'firebaserules',
    `v1/projects/${google.project}/releases/${release}`,
    releaseSchema,
  );
  const ruleset = released && (await google.get('firebaserules', `v1/${released.rulesetName}`, rulesetSchema));
  return ruleset?.source.files.some(({ content }) => content.includes(line)) === true;
}

/** What else holds the data of the functions: enforcing it on one way in alone leaves the others open. */
const ENFORCED_WITH = ['firestore', 'firebasestorage'];

async function checkAppCheck(google: Google, { settings }: ProjectFiles): Promise<Verdict[]> {
  if (settings['ENFORCE_APP_CHECK'] !== 'true')
    return [
      note(
        'App Check is not enforced: programs that are not your app can call the functions.',
        'Set it up in your app, then set ENFORCE_APP_CHECK=true.',
      ),
    ];
  const schema = z.object({ enforcementMode: z.string().default('OFF') });
  const open: string[] = [];
  for (const service of ENFORCED_WITH) {
    const state = await google.get(
      'firebaseappcheck',
      `v1/projects/${google.project}/services/${service}.googleapis.com`,
      schema,
    );
    if (state?.enforcementMode !== 'ENFORCED') open.push(service);
  }
  return open.length === 0
    ? [RIGHT]
    : [
        note(
          `App Check is enforced by the functions, and not by ${open.join(' and ')}.`,
          `https://console.firebase.google.com/project/${google.project}/appcheck`,
        ),
      ];
}
