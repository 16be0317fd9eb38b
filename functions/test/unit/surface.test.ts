import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { closeAfterAll, removeFolder } from '../../../dev/test/closing.ts';
import { functionPrefix } from '../../src/config.ts';
import { secretsFor } from '../../src/secrets.ts';
import { PARAMS } from '../support/params.ts';

const FUNCTIONS = fileURLToPath(new URL('../../', import.meta.url));

/** An expression that firebase-tools resolves during a deployment. */
const REGION = '{{ params.FUNCTION_DEFAULT_REGION }}';

/** Every deployed function, as `firebase deploy` reads it. Other options have the platform's defaults. */
const SURFACE = {
  syncUpload: {
    platform: 'gcfv2',
    region: REGION,
    entryPoint: 'syncUpload',
    httpsTrigger: { invoker: ['public'] },
    availableMemoryMb: 1024,
    concurrency: 8,
    timeoutSeconds: 120,
  },
  syncStatus: {
    platform: 'gcfv2',
    region: REGION,
    entryPoint: 'syncStatus',
    httpsTrigger: { invoker: ['public'] },
    availableMemoryMb: 512,
    concurrency: 80,
    timeoutSeconds: 30,
  },
  syncJobs: {
    platform: 'gcfv2',
    region: REGION,
    entryPoint: 'syncJobs',
    httpsTrigger: { invoker: ['public'] },
    availableMemoryMb: 512,
    concurrency: 20,
    timeoutSeconds: 30,
  },
  omiApi: {
    platform: 'gcfv2',
    region: REGION,
    entryPoint: 'omiApi',
    httpsTrigger: { invoker: ['public'] },
    availableMemoryMb: 1024,
    concurrency: 8,
    timeoutSeconds: 120,
  },
  sharedConversation: {
    platform: 'gcfv2',
    region: REGION,
    entryPoint: 'sharedConversation',
    httpsTrigger: { invoker: ['public'] },
    availableMemoryMb: 512,
    concurrency: 20,
    maxInstances: 5,
    timeoutSeconds: 30,
  },
  sharedAudio: {
    platform: 'gcfv2',
    region: REGION,
    entryPoint: 'sharedAudio',
    httpsTrigger: { invoker: ['public'] },
    availableMemoryMb: 1024,
    concurrency: 20,
    maxInstances: 5,
    timeoutSeconds: 30,
  },
  createSyncJob: callable('createSyncJob'),
  retrySyncJob: callable('retrySyncJob'),
  cancelSyncJob: callable('cancelSyncJob'),
  deleteConversation: callable('deleteConversation'),
  editConversation: callable('editConversation'),
  undoEdit: callable('undoEdit'),
  shareConversation: callable('shareConversation'),
  withdrawShare: callable('withdrawShare'),
  importConversations: { ...callable('importConversations'), timeoutSeconds: 540 },
  deleteEverything: { ...callable('deleteEverything'), timeoutSeconds: 540 },
  redateRecordings: { ...callable('redateRecordings'), timeoutSeconds: 540 },
  acknowledgeSyncJobs: callable('acknowledgeSyncJobs'),
  processSyncJob: {
    platform: 'gcfv2',
    region: REGION,
    entryPoint: 'processSyncJob',
    taskQueueTrigger: {
      invoker: ['private'],
      retryConfig: { maxAttempts: 100, minBackoffSeconds: 5, maxBackoffSeconds: 30, maxDoublings: 3 },
      rateLimits: { maxConcurrentDispatches: 50, maxDispatchesPerSecond: 20 },
    },
    availableMemoryMb: 2048,
    cpu: 2,
    concurrency: 1,
    timeoutSeconds: 900,
  },
  onRecordingStaged: {
    platform: 'gcfv2',
    region: REGION,
    entryPoint: 'onRecordingStaged',
    eventTrigger: {
      eventType: 'google.cloud.storage.object.v1.finalized',
      eventFilters: {
        bucket: '{{ params.RECORDINGS_BUCKET == "" ? params.STORAGE_BUCKET : params.RECORDINGS_BUCKET }}',
      },
      retry: true,
    },
    availableMemoryMb: 512,
    concurrency: 80,
    timeoutSeconds: 120,
  },
  sweepSyncJobs: {
    platform: 'gcfv2',
    region: REGION,
    entryPoint: 'sweepSyncJobs',
    scheduleTrigger: { schedule: 'every 5 minutes', retryConfig: { retryCount: 1 } },
    availableMemoryMb: 512,
    concurrency: 1,
    maxInstances: 1,
    timeoutSeconds: 540,
  },
  onSyncJobDeleted: {
    platform: 'gcfv2',
    region: REGION,
    entryPoint: 'onSyncJobDeleted',
    eventTrigger: deleted('offline_sync_jobs/{jobId}'),
    availableMemoryMb: 512,
    timeoutSeconds: 300,
  },
  onDeviceDeleted: {
    platform: 'gcfv2',
    region: REGION,
    entryPoint: 'onDeviceDeleted',
    eventTrigger: deleted('users/{uid}/devices/{deviceId}'),
    availableMemoryMb: 512,
    timeoutSeconds: 60,
  },
  onUserDeleted: {
    platform: 'gcfv2',
    region: REGION,
    entryPoint: 'onUserDeleted',
    eventTrigger: { eventType: 'google.firebase.auth.user.v2.deleted', retry: true, region: 'global' },
    availableMemoryMb: 512,
    timeoutSeconds: 540,
  },
};

/** A callable, which anyone may call: it checks the token itself. */
function callable(entryPoint: string) {
  return {
    platform: 'gcfv2',
    region: REGION,
    entryPoint,
    availableMemoryMb: 512,
    concurrency: 20,
    timeoutSeconds: 60,
  };
}

/** A trigger on the deletion of a document. Its event is delivered again until the function returns. */
function deleted(document: string) {
  return {
    eventType: 'google.cloud.firestore.document.v1.deleted',
    eventFilters: { database: '{{ params.FIRESTORE_DATABASE }}', namespace: '(default)' },
    eventFilterPathPatterns: { document },
    retry: true,
  };
}

interface Manifest {
  readonly endpoints: Record<string, Record<string, unknown>>;
  readonly params: readonly { readonly name: string; readonly default?: unknown }[];
  readonly requiredAPIs: readonly { readonly api: string; readonly reason: string }[];
  readonly requiredRoles: readonly string[];
}

describe('the deployed surface', () => {
  let directory: string;
  let manifest: Manifest;

  const closing = closeAfterAll();
  before('what is deployed is built', async function () {
    this.timeout(300_000); // With its types checked: a minute on a busy machine.
    directory = closing(await mkdtemp(path.join(os.tmpdir(), 'surface-')), removeFolder);
    await promisify(execFile)(process.execPath, ['build.mjs', '--outdir', path.join(directory, 'lib')], {
      cwd: FUNCTIONS,
    });
    await writeFile(path.join(directory, 'package.json'), '{ "type": "module", "main": "lib/index.js" }');
    manifest = await readManifest(directory);
  });

  it('has the functions of the table and no others', () => {
    assert.deepEqual(Object.keys(manifest.endpoints).sort(), Object.keys(SURFACE).sort());
  });

  it('has one file of endpoints/ for each function, named as it is deployed', async () => {
    const files = await readdir(path.join(FUNCTIONS, 'src/endpoints'));
    assert.deepEqual(
      files.sort(),
      Object.keys(SURFACE)
        .map((name) => `${name}.ts`)
        .sort(),
    );
  });

  for (const [name, expected] of Object.entries(SURFACE)) {
    it(`has ${name} with its trigger, limits, retries, secrets and invoker`, () => {
      const { secretEnvironmentVariables: secrets, ...endpoint } = manifest.endpoints[name] ?? {};
      const keys = (secrets as { key: string }[] | undefined)?.map(({ key }) => key);
      assert.deepEqual(settings({ ...endpoint, secretEnvironmentVariables: keys }), expected);
    });
  }

  it('asks for the parameters of the table and no others', () => {
    assert.deepEqual(
      Object.fromEntries(manifest.params.map(({ name, default: fallback }) => [name, fallback ?? null])),
      PARAMS,
    );
  });

  it('asks for no key unless a setting names the service that it is for', () => {
    const secrets = (settings: Record<string, string>) => secretsFor(settings).map(({ name }) => name);
    for (const free of ['auto', 'local']) assert.deepEqual(secrets({ TRANSCRIBER: free }), []);
    assert.deepEqual(secrets({ TRANSCRIBER: 'deepgram' }), ['DEEPGRAM_API_KEY']);
    assert.deepEqual(secrets({ TRANSCRIBER: 'local', SUMMARIES: 'deepgram' }), ['DEEPGRAM_API_KEY']);
    assert.deepEqual(secrets({ TRANSCRIBER: 'openai' }), ['OPENAI_API_KEY']);
  });

  it('knows the prefix of its functions’ names: none, a kit’s instance, or that of a codebase', () => {
    const running = { FUNCTION_TARGET: 'sweepSyncJobs' };
    assert.equal(functionPrefix({}), '');
    assert.equal(functionPrefix({ ...running, K_SERVICE: 'sweepsyncjobs' }), '');
    assert.equal(functionPrefix({ ...running, K_SERVICE: 'sweepSyncJobs' }), '');
    assert.equal(functionPrefix({ ...running, K_SERVICE: 'eu-sweepsyncjobs' }), 'eu-');
    assert.equal(
      functionPrefix({ FIREBASE_KIT_INSTANCE_ID: 'audio', ...running, K_SERVICE: 'kit-audio-sweepsyncjobs' }),
      'kit-audio-',
    );
  });

  it('gives the task the key that its transcriber needs', async () => {
    const { endpoints, params } = await readManifest(directory, { TRANSCRIBER: 'deepgram' });
    assert.deepEqual(endpoints['processSyncJob']?.['secretEnvironmentVariables'], [{ key: 'DEEPGRAM_API_KEY' }]);
    assert.ok(params.some(({ name }) => name === 'DEEPGRAM_API_KEY'));
  });

  it('declares the APIs that it calls, each with a reason, and the least roles', () => {
    const apis = ['cloudscheduler', 'cloudtasks', 'fcm', 'firestore', 'identitytoolkit', 'storage'];
    assert.deepEqual(
      manifest.requiredAPIs.map(({ api }) => api).sort(),
      apis.map((name) => `${name}.googleapis.com`),
    );
    assert.ok(manifest.requiredAPIs.every(({ reason }) => reason.length > 10));
    assert.deepEqual(manifest.requiredRoles.toSorted(), [
      'roles/cloudtasks.enqueuer',
      'roles/datastore.user',
      'roles/eventarc.eventReceiver',
      'roles/firebaseauth.viewer',
      'roles/firebasecloudmessaging.admin',
      'roles/iam.serviceAccountUser',
      'roles/run.invoker',
      'roles/storage.objectUser',
    ]);
  });

  it('has no function of the first generation: kits must not', () => {
    assert.ok(Object.values(manifest.endpoints).every(({ platform }) => platform === 'gcfv2'));
  });

  it('has a public function for each rewrite of Hosting, whose region firebase-tools finds', async () => {
    const firebase = JSON.parse(await readFile(new URL('../../../firebase.json', import.meta.url), 'utf8')) as {
      hosting: { rewrites: { source?: string; regex?: string; function?: { functionId: string; region?: string } }[] };
    };
    // Other rewrites lead to the console.
    const rewrites = firebase.hosting.rewrites.flatMap(({ source, regex, function: target }) =>
      target === undefined ? [] : [{ source: source ?? regex, target }],
    );
    for (const { source, target } of rewrites) {
      const endpoint = manifest.endpoints[target.functionId];
      assert.deepEqual(endpoint?.['httpsTrigger'], { invoker: ['public'] }, source);
      assert.equal(target.region, undefined, source);
    }
    assert.deepEqual(
      rewrites.map(({ source, target: { functionId } }) => [source, functionId]),
      [
        ['/v2/sync/upload', 'syncUpload'],
        ['/v2/sync/status', 'syncStatus'],
        ['/v2/sync/jobs', 'syncJobs'],
        ['/v2/sync/shared', 'sharedConversation'],
        ['/v2/sync/shared/audio', 'sharedAudio'],
        ['^/v\\d+(/.*)?$', 'omiApi'],
      ],
    );
  });
});

/**
 * The manifest as the CLI reads it: by the same program, in a separate process.
 * @param directory of the build that is deployed
 * @param settings those that firebase-tools reads from `functions/.env.<project>`
 */
async function readManifest(directory: string, settings: Readonly<Record<string, string>> = {}): Promise<Manifest> {
  const output = path.join(directory, 'manifest.json');
  await promisify(execFile)(process.execPath, [manifestProgram()], {
    cwd: directory,
    // No other variables, because there are no credentials during a deployment.
    env: {
      ...settings,
      PATH: process.env['PATH'],
      GCLOUD_PROJECT: 'demo-surface',
      FIREBASE_CONFIG: '{ "projectId": "demo-surface", "storageBucket": "demo-surface.appspot.com" }',
      FUNCTIONS_MANIFEST_OUTPUT_PATH: output,
    },
  });
  return JSON.parse(await readFile(output, 'utf8')) as Manifest;
}

/** `firebase-functions`, the bin of the package. */
function manifestProgram(): string {
  const entry = createRequire(import.meta.url).resolve('firebase-functions');
  const root = entry.slice(0, entry.lastIndexOf(`${path.sep}lib${path.sep}`));
  return path.join(root, 'lib', 'bin', 'firebase-functions.js');
}

/** Without values that reset an option to the platform's default (null), and without empty ones. */
function settings(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, settings(item)] as const)
      .filter(([, item]) => item !== null && item !== undefined && !isEmpty(item)),
  );
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
