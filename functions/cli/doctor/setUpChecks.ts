/** Checks of what a project needs before it is deployed to. */
import * as z from 'zod';
import { APIS } from '../../src/requirements.ts';
import { note, RIGHT, wrong } from './check.ts';
import type { ProjectCheck, Verdict } from './check.ts';
import type { Google } from './google.ts';
import { isInReach } from './locations.ts';
import { bucketOf, databaseOf, prefixOf, regionOf } from './place.ts';
import type { ProjectFiles } from './projectFiles.ts';

/** What deploying needs beside what the functions call. */
const DEPLOYING = ['cloudfunctions', 'cloudbuild', 'artifactregistry', 'run', 'eventarc', 'pubsub'];

export const SET_UP_CHECKS: readonly ProjectCheck[] = [
  { name: 'Billing', of: 'project', run: checkBilling },
  { name: 'APIs', of: 'project', run: checkApis },
  { name: 'Firestore', of: 'project', run: checkDatabase },
  { name: 'Bucket', of: 'project', run: checkBucket },
  { name: 'Authentication', of: 'project', run: checkAuthentication },
  { name: 'Key of the transcriber', of: 'project', run: checkSecret },
];

async function checkBilling(google: Google): Promise<Verdict[]> {
  const info = await google.get(
    'cloudbilling',
    `v1/projects/${google.project}/billingInfo`,
    z.object({ billingEnabled: z.boolean().default(false) }),
  );
  return info?.billingEnabled === true
    ? [RIGHT]
    : [
        wrong(
          'The project is not on the Blaze plan.',
          `https://console.firebase.google.com/project/${google.project}/usage/details`,
        ),
      ];
}

async function checkApis(google: Google): Promise<Verdict[]> {
  const names = [...Object.keys(APIS), ...DEPLOYING].map((api) => `${api}.googleapis.com`);
  const query = names.map((name) => `names=projects/${google.project}/services/${name}`).join('&');
  const schema = z.object({ services: z.array(z.object({ name: z.string(), state: z.string() })).default([]) });
  const answer = await google.get('serviceusage', `v1/projects/${google.project}/services:batchGet?${query}`, schema);
  const enabled = new Set(
    answer?.services.filter(({ state }) => state === 'ENABLED').map(({ name }) => name.split('/').at(-1)),
  );
  const missing = names.filter((name) => !enabled.has(name));
  return missing.length === 0
    ? [RIGHT]
    : [
        wrong(
          `Not enabled: ${missing.join(', ')}.`,
          `gcloud services enable ${missing.join(' ')} --project ${google.project}`,
        ),
      ];
}

async function checkDatabase(google: Google, files: ProjectFiles): Promise<Verdict[]> {
  const name = databaseOf(files);
  const database = await google.get(
    'firestore',
    `v1/projects/${google.project}/databases/${name}`,
    z.object({ type: z.string(), locationId: z.string() }),
  );
  const create = `gcloud firestore databases create --database='${name}' --location=${regionOf(files)} --project ${google.project}`;
  if (database === null) return [wrong(`There is no Firestore database ${name}.`, create)];
  return database.type === 'FIRESTORE_NATIVE' ? [RIGHT] : [wrong(`The database ${name} is in Datastore mode.`, create)];
}

async function checkBucket(google: Google, files: ProjectFiles): Promise<Verdict[]> {
  const region = regionOf(files);
  const name = await bucketOf(google, files);
  if (name === null) {
    const page = `https://console.firebase.google.com/project/${google.project}/storage`;
    return [wrong('Storage is not set up.', `Set it up, in ${region}: ${page}`)];
  }
  const bucket = await google.get('storage', `storage/v1/b/${name}`, z.object({ location: z.string() }));
  if (bucket === null)
    return [
      wrong(
        `There is no bucket ${name}.`,
        `gcloud storage buckets create gs://${name} --location=${region} --project ${google.project}`,
      ),
    ];
  return isInReach(bucket.location, region)
    ? [RIGHT]
    : [
        wrong(
          `The bucket ${name} is in ${bucket.location}, and functions in ${region} cannot listen to it.`,
          `Set FUNCTION_DEFAULT_REGION to ${bucket.location.toLowerCase()}, or RECORDINGS_BUCKET to a bucket in ${region}.`,
        ),
      ];
}

async function checkAuthentication(google: Google, { settings }: ProjectFiles): Promise<Verdict[]> {
  const schema = z.object({
    signIn: z.object({ anonymous: z.object({ enabled: z.boolean().default(false) }).optional() }).optional(),
  });
  const config = await google.get('identitytoolkit', `admin/v2/projects/${google.project}/config`, schema);
  const page = `https://console.firebase.google.com/project/${google.project}/authentication/providers`;
  if (config === null) return [wrong('Authentication is not set up.', page)];
  const isAnonymous = config.signIn?.anonymous?.enabled === true;
  return isAnonymous && settings['SIGN_UP'] === 'open'
    ? [
        note(
          'Anonymous accounts are allowed and SIGN_UP is open: anyone who has the app can upload without an account.',
          `Set SIGN_UP, or switch them off: ${page}`,
        ),
      ]
    : [RIGHT];
}

/** Secrets by the service that needs them. */
const KEYS: Readonly<Record<string, string>> = { deepgram: 'DEEPGRAM_API_KEY', openai: 'OPENAI_API_KEY' };

async function checkSecret(google: Google, files: ProjectFiles): Promise<Verdict[]> {
  const { TRANSCRIBER: transcriber = '', SUMMARIES: summaries = '' } = files.settings;
  const needed = new Set([transcriber, summaries].flatMap((service) => KEYS[service] ?? []));
  const isKit = prefixOf(files).startsWith('kit-');
  const verdicts: Verdict[] = [];
  for (const key of needed) {
    const name = `${isKit ? prefixOf(files) : ''}${key}`;
    const version = await google.get(
      'secretmanager',
      `v1/projects/${google.project}/secrets/${name}/versions/latest`,
      z.object({ state: z.string() }),
    );
    if (version?.state !== 'ENABLED')
      verdicts.push(
        wrong(`There is no secret ${name}.`, `npx firebase functions:secrets:set ${name} --project ${google.project}`),
      );
  }
  return verdicts.length === 0 ? [RIGHT] : verdicts;
}
