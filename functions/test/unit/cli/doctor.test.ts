import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { closeAfterEach, removeFolder } from '../../../../dev/test/closing.ts';
import { doctorCommand } from '../../../cli/doctor/command.ts';
import { isInReach } from '../../../cli/doctor/locations.ts';
import { ownFiles } from '../../../cli/ownFiles.ts';
import { APIS, QUEUE, ROLES } from '../../../src/requirements.ts';
import { startGoogleApis } from '../../support/googleApis.ts';

const ROOT = new URL('../../../../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, ROOT), 'utf8');

const PROJECT = 'app';
const ACCOUNT = 'firebase-fn-1@app.iam.gserviceaccount.com';
const INDEXES = JSON.parse(read('firestore.indexes.json')) as {
  indexes: { collectionGroup: string; queryScope: string; fields: object[] }[];
  fieldOverrides: { collectionGroup: string; fieldPath: string; ttl?: boolean }[];
};
const FUNCTIONS = [...read('functions/src/index.ts').matchAll(/^export \{ (\w+) \}/gm)].map(([, name = '']) => name);

const enabled = (name: string) => ({ name: `projects/1/services/${name}.googleapis.com`, state: 'ENABLED' });
const DEPLOYING = ['cloudfunctions', 'cloudbuild', 'artifactregistry', 'run', 'eventarc', 'pubsub'];

/** The answers of a healthy project. */
const HEALTHY: Readonly<Record<string, unknown>> = {
  'cloudbilling/v1/projects/app/billingInfo': { billingEnabled: true },
  'serviceusage/v1/projects/app/services:batchGet': { services: [...Object.keys(APIS), ...DEPLOYING].map(enabled) },
  'firestore/v1/projects/app/databases/(default)': { type: 'FIRESTORE_NATIVE', locationId: 'nam5' },
  'firebase/v1beta1/projects/app/adminSdkConfig': { projectId: 'app', storageBucket: 'app.appspot.com' },
  'storage/storage/v1/b/app.appspot.com': { location: 'US' },
  'identitytoolkit/admin/v2/projects/app/config': { signIn: { email: { enabled: true } } },
  'secretmanager/v1/projects/app/secrets/DEEPGRAM_API_KEY/versions/latest': { state: 'ENABLED' },
  'cloudfunctions/v2/projects/app/locations/us-central1/functions': {
    functions: FUNCTIONS.map((name) => ({
      name: `projects/app/locations/us-central1/functions/${name}`,
      state: 'ACTIVE',
      serviceConfig: { serviceAccountEmail: ACCOUNT },
    })),
  },
  'cloudresourcemanager/v1/projects/app:getIamPolicy': {
    bindings: Object.keys(ROLES).map((role) => ({ role, members: [`serviceAccount:${ACCOUNT}`] })),
  },
  'cloudtasks/v2/projects/app/locations/us-central1/queues/processSyncJob': { state: 'RUNNING', ...QUEUE },
  'firestore/v1/projects/app/databases/(default)/collectionGroups/-/indexes': {
    indexes: INDEXES.indexes.map(({ collectionGroup, ...index }, i) => ({
      ...index,
      name: `projects/app/databases/(default)/collectionGroups/${collectionGroup}/indexes/${i}`,
      state: 'READY',
      density: 'SPARSE_ALL',
      fields: [...index.fields, { fieldPath: '__name__', order: 'ASCENDING' }],
    })),
  },
  'firestore/v1/projects/app/databases/(default)/collectionGroups/-/fields': {
    fields: INDEXES.fieldOverrides
      .filter(({ ttl }) => ttl === true)
      .map(({ collectionGroup, fieldPath }) => ({
        name: `projects/app/databases/(default)/collectionGroups/${collectionGroup}/fields/${fieldPath}`,
        ttlConfig: { state: 'ACTIVE' },
      })),
  },
  'firebaserules/v1/projects/app/releases/cloud.firestore': { rulesetName: 'projects/app/rulesets/1' },
  'firebaserules/v1/projects/app/rulesets/1': { source: { files: [{ content: read('firestore.rules') }] } },
  'firebaserules/v1/projects/app/releases/firebase.storage/app.appspot.com': { rulesetName: 'projects/app/rulesets/2' },
  'firebaserules/v1/projects/app/rulesets/2': { source: { files: [{ content: read('storage.rules') }] } },
  'firebaseappcheck/v1/projects/app/services/firestore.googleapis.com': { enforcementMode: 'ENFORCED' },
  'firebaseappcheck/v1/projects/app/services/firebasestorage.googleapis.com': { enforcementMode: 'ENFORCED' },
};

const SETTINGS = 'TRANSCRIBER=deepgram\nSIGN_UP=verified\nENFORCE_APP_CHECK=true\n';

/** An answer, as the name of a test has it. */
const shortly = (answer: unknown): string => (answer === undefined ? 'nothing' : JSON.stringify(answer).slice(0, 60));

describe('doctor', () => {
  let folder: string;
  const closing = closeAfterEach();
  beforeEach(() => {
    folder = closing(mkdtempSync(path.join(os.tmpdir(), 'doctor-')), removeFolder);
    for (const name of ['firebase.json', 'firestore.rules', 'firestore.indexes.json', 'storage.rules'])
      put(name, read(name));
    put('functions/package.json', '{ "name": "offline-audio-sync-functions" }');
    put('functions/.env.app', SETTINGS);
  });

  function put(name: string, text: string): void {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }

  /** @param changed answers that differ from those of a healthy project; undefined for 404. */
  async function run(changed: Readonly<Record<string, unknown>> = {}, ...args: string[]) {
    const apis = await startGoogleApis({ ...HEALTHY, ...changed });
    let printed = '';
    try {
      const code = await doctorCommand(['--project', PROJECT, '--project-dir', folder, ...args], {
        own: ownFiles(),
        print: (text) => {
          printed += text;
        },
        origin: apis.origin,
        token: () => Promise.resolve('token'),
      });
      return { code, printed, asked: apis.asked };
    } finally {
      await apis.close();
    }
  }

  it('finds nothing wrong in a healthy project, and requests only what it reports', async () => {
    const { code, printed, asked } = await run();
    assert.equal(printed.replaceAll(/^✓ .*\n/gm, ''), 'Nothing is wrong.\n');
    assert.equal(code, 0);
    assert.deepEqual(new Set(asked), new Set(Object.keys(HEALTHY)));
  });

  const functions = HEALTHY['cloudfunctions/v2/projects/app/locations/us-central1/functions'] as {
    functions: object[];
  };
  const indexes = HEALTHY['firestore/v1/projects/app/databases/(default)/collectionGroups/-/indexes'] as {
    indexes: object[];
  };
  const queue = 'cloudtasks/v2/projects/app/locations/us-central1/queues/processSyncJob';

  /** The address, its answer, the finding, and the command that helps. */
  const AILMENTS: readonly [string, unknown, RegExp, RegExp][] = [
    ['cloudbilling/v1/projects/app/billingInfo', {}, /Blaze/, /usage/],
    [
      'serviceusage/v1/projects/app/services:batchGet',
      { services: [] },
      /Not enabled: firestore/,
      /gcloud services enable/,
    ],
    [
      'firestore/v1/projects/app/databases/(default)',
      undefined,
      /no Firestore database/,
      /gcloud firestore databases create/,
    ],
    [
      'firestore/v1/projects/app/databases/(default)',
      { type: 'DATASTORE_MODE', locationId: 'x' },
      /Datastore mode/,
      /create/,
    ],
    ['firebase/v1beta1/projects/app/adminSdkConfig', {}, /Storage is not set up/, /console/],
    ['storage/storage/v1/b/app.appspot.com', undefined, /no bucket app/, /gcloud storage buckets create/],
    ['storage/storage/v1/b/app.appspot.com', { location: 'EUROPE-WEST1' }, /cannot listen/, /europe-west1/],
    ['identitytoolkit/admin/v2/projects/app/config', undefined, /Authentication is not set up/, /console/],
    [
      'secretmanager/v1/projects/app/secrets/DEEPGRAM_API_KEY/versions/latest',
      undefined,
      /no secret/,
      /functions:secrets:set DEEPGRAM_API_KEY/,
    ],
    ['cloudfunctions/v2/projects/app/locations/us-central1/functions', {}, /Not deployed/, /firebase deploy/],
    [
      'cloudfunctions/v2/projects/app/locations/us-central1/functions',
      { functions: functions.functions.map((each) => ({ ...each, state: 'FAILED' })) },
      /Not active/,
      /firebase deploy/,
    ],
    ['cloudresourcemanager/v1/projects/app:getIamPolicy', {}, /lacks roles\/datastore\.user/, /add-iam-policy-binding/],
    [queue, undefined, /no queue/, /firebase deploy/],
    [queue, { ...QUEUE, state: 'PAUSED' }, /paused/, /queues resume/],
    [queue, { ...QUEUE, state: 'RUNNING', retryConfig: { maxAttempts: 3 } }, /after 3 attempts/, /--max-attempts=100/],
    [
      'firestore/v1/projects/app/databases/(default)/collectionGroups/-/indexes',
      { indexes: indexes.indexes.slice(1) },
      /Missing: /,
      /firestore:indexes/,
    ],
    [
      'firestore/v1/projects/app/databases/(default)/collectionGroups/-/fields',
      {},
      /do not expire/,
      /ttls update expiresAt/,
    ],
    ['firebaserules/v1/projects/app/releases/cloud.firestore', undefined, /deployed rules/, /firestore:rules/],
    [
      'firebaserules/v1/projects/app/rulesets/2',
      { source: { files: [] } },
      /deployed rules \(firebase\.storage/,
      /only storage/,
    ],
  ];
  for (const [address, answer, problem, remedy] of AILMENTS) {
    it(`says what is wrong if ${address} answers ${shortly(answer)}`, async () => {
      const { code, printed } = await run({ [address]: answer });
      const [line = '', next = ''] = printed
        .split('\n')
        .flatMap((each, i, all) => (each.startsWith('✗') ? [each, all[i + 1] ?? ''] : []));
      assert.match(line, problem);
      assert.match(next, remedy);
      assert.equal(code, 1);
    });
  }

  /** Findings that are no faults, but that operators should know. */
  const NOTES: readonly [string, unknown, RegExp][] = [
    ['identitytoolkit/admin/v2/projects/app/config', { signIn: { anonymous: { enabled: true } } }, /^(?!.*Anonymous)/s],
    [
      'firebaseappcheck/v1/projects/app/services/firestore.googleapis.com',
      undefined,
      /! App Check: .*not by firestore/,
    ],
    [
      'cloudresourcemanager/v1/projects/app:getIamPolicy',
      { bindings: [{ role: 'roles/editor', members: [`serviceAccount:${ACCOUNT}`] }] },
      /! Roles of the functions: .*nearly everything/,
    ],
    [queue, { ...QUEUE, state: 'RUNNING', rateLimits: { maxConcurrentDispatches: 5 } }, /! Queue: .*5 tasks/],
    [
      'firestore/v1/projects/app/databases/(default)/collectionGroups/-/indexes',
      { indexes: indexes.indexes.map((each, i) => (i === 0 ? { ...each, state: 'CREATING' } : each)) },
      /! Indexes: Still being built/,
    ],
  ];
  for (const [address, answer, said] of NOTES) {
    it(`reports no problem if ${address} answers ${shortly(answer)}`, async () => {
      const { code, printed } = await run({ [address]: answer });
      assert.match(printed, said);
      assert.equal(code, 0);
    });
  }

  it('names an API that did not answer, and continues with the others', async () => {
    const { code, printed } = await run({
      'serviceusage/v1/projects/app/services:batchGet': 403,
      [queue]: { odd: true },
    });
    assert.match(printed, /\? APIs: not checked, because serviceusage\.googleapis\.com: 403, It is 403\./);
    assert.match(printed, /\? Queue: not checked, because cloudtasks/);
    assert.equal(code, 0);
    assert.doesNotMatch(printed, /token/);
  });

  it('looks for a kit under the names of its instance, in its region', async () => {
    const kit = {
      kit: 'audio',
      source: 'source',
      sourcePackage: { name: 'offline-audio-sync' },
      instances: { eu: 'config-eu' },
    };
    put('firebase.json', JSON.stringify({ ...(JSON.parse(read('firebase.json')) as object), functions: [kit] }));
    put('config-eu/.env.app', `${SETTINGS}FUNCTION_DEFAULT_REGION=europe-west1\n`);
    const { asked, printed } = await run();
    assert.ok(asked.includes('cloudtasks/v2/projects/app/locations/europe-west1/queues/kit-eu-processSyncJob'));
    assert.ok(asked.includes('secretmanager/v1/projects/app/secrets/kit-eu-DEEPGRAM_API_KEY/versions/latest'));
    assert.match(printed, /functions:secrets:set kit-eu-DEEPGRAM_API_KEY/);
  });

  it('checks the files even if nobody is signed in', async () => {
    const said = async (...args: string[]) => (await run({}, '--offline', ...args)).printed;
    assert.doesNotMatch(await said(), /✗/);
    put(
      'functions/.env.app',
      'TRANSCRIBER=depgram\nSIGN_UP=domains\nMAX_CHUNK_MINUTES=ten\nTRANSCRIPER=auto\nFUNCTION_DEFAULT_REGION=Europe\n',
    );
    put('firestore.rules', "rules_version = '2';\nservice cloud.firestore {}\n");
    const { printed, code, asked } = await run({}, '--offline');
    for (const problem of [
      /TRANSCRIBER is "depgram"/,
      /MAX_CHUNK_MINUTES is "ten"/,
      /"Europe"/,
      /SIGN_UP_DOMAINS names none/,
      /firestore\.rules/,
    ]) {
      assert.match(printed, problem);
    }
    assert.match(printed, /! Settings: No setting is called TRANSCRIPER/);
    assert.equal(code, 1);
    assert.deepEqual(asked, []);
    put('firebase.json', '{}');
    assert.match(await said(), /✗ The functions are in firebase\.json/);
  });

  it('knows which buckets functions of a region can listen to', () => {
    for (const [location, region] of [
      ['US', 'us-east4'],
      ['EU', 'europe-west1'],
      ['NAM4', 'us-central1'],
      ['EUROPE-WEST1', 'europe-west1'],
      ['US-CENTRAL1', 'asia-east1'],
    ] as const) {
      assert.ok(isInReach(location, region), `${location} ${region}`);
    }
    for (const [location, region] of [
      ['US', 'europe-west1'],
      ['NAM4', 'us-west1'],
      ['EUROPE-WEST1', 'europe-west4'],
    ] as const) {
      assert.ok(!isInReach(location, region), `${location} ${region}`);
    }
  });
});
