/**
 * The memory of one instance of `onRecordingStaged` while 80 jobs of 1,000 recordings arrive at once. `node arrivals.ts
 * prepare` writes the jobs. `node arrivals.ts receive` is the instance; it gets as many events at once as it is deployed for,
 * and prints its peak. Storage is a server that gives the same answers as the real one, because 80,000 objects are too many for
 * the emulator.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Storage } from '@google-cloud/storage';
import { initializeApp } from 'firebase-admin/app';
import { getFirestore, Timestamp } from 'firebase-admin/firestore';
import pMap from 'p-map';
import { recordingStaged } from './recordingStaged.ts';
import { createArrivalHandler } from '../src/upload/arrivalEvents.ts';
import { FileStore } from '../src/jobs/files.ts';
import { JobStore, newJob } from '../src/jobs/store.ts';
import { cloudLogger } from '../src/logger.ts';
import { stagingBucket } from '../src/storage/bucket.ts';
import type { Bucket } from '../src/storage/bucket.ts';
import { UploadedObjects } from '../src/storage/objects.ts';
import { jobFile } from '../test/support/jobFiles.ts';

const JOBS = 80;
const RECORDINGS = 1000;
/** Events of each job. The first starts it; the others come while it is checked and afterwards. */
const EVENTS = 10;
const SIZE = 144_000;
const UID = 'arrivals-user';
const T0 = Date.UTC(2026, 0, 5);

const jobIds = Array.from({ length: JOBS }, (_, i) => `arrivals-${i}`);
const nameOf = (i: number): string => `audio_bench_opus_16000_1_fs160_${T0 + i * 60_000}.bin`;
const md5Of = (i: number): string => createHash('md5').update(String(i)).digest('base64');
const pathOf = (jobId: string, i: number): string => `uploads/${UID}/${jobId}/${nameOf(i)}`;

const db = getFirestore(initializeApp({ projectId: 'demo-arrivals' }));

async function prepare(): Promise<void> {
  const jobs = new JobStore(db);
  const write = async (jobId: string): Promise<void> => {
    const files = Array.from({ length: RECORDINGS }, (_, i) =>
      jobFile({
        name: nameOf(i),
        path: pathOf(jobId, i),
        size: SIZE,
        md5: md5Of(i),
        state: 'expected',
        startedAt: Timestamp.fromMillis(T0 + i * 60_000),
      }),
    );
    const job = newJob({
      uid: UID,
      deviceId: 'bench',
      files,
      upload: 'direct',
      uploadExpiryMs: 24 * 3600_000,
      conversationId: null,
      contentHash: null,
      nowMs: Date.now(),
      retentionMs: 24 * 3600_000,
    });
    await jobs.create(jobId, job);
  };
  await pMap(jobIds, write, { concurrency: 4 });
}

/** An object as Storage lists it, with all fields. */
function resource(jobId: string, i: number): Record<string, unknown> {
  const name = pathOf(jobId, i);
  const time = new Date(T0).toISOString();
  return {
    kind: 'storage#object',
    id: `bucket/${name}/1`,
    selfLink: `https://www.googleapis.com/storage/v1/b/bucket/o/${encodeURIComponent(name)}`,
    mediaLink: `https://storage.googleapis.com/download/storage/v1/b/bucket/o/${encodeURIComponent(name)}?generation=1&alt=media`,
    name,
    bucket: 'bucket',
    generation: '1',
    metageneration: '1',
    contentType: 'application/octet-stream',
    storageClass: 'STANDARD',
    size: String(SIZE),
    md5Hash: md5Of(i),
    crc32c: 'AAAAAA==',
    etag: 'CAE=',
    timeCreated: time,
    updated: time,
    timeStorageClassUpdated: time,
    metadata: { firebaseStorageDownloadTokens: '01234567-89ab-cdef-0123-456789abcdef' },
  };
}

/** The storage server runs in a separate process, because its memory is not that of the function. */
async function storage(): Promise<void> {
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '', 'http://storage');
    const [, , , jobId = ''] = /^(uploads)\/([^/]+)\/([^/]+)\//.exec(url.searchParams.get('prefix') ?? '') ?? [];
    const fields = /items\(([\w,]+)\)/.exec(url.searchParams.get('fields') ?? '')?.[1]?.split(',');
    const item = (i: number): object =>
      Object.fromEntries(Object.entries(resource(jobId, i)).filter(([name]) => fields?.includes(name) ?? true));
    const answer =
      req.method === 'GET'
        ? { kind: 'storage#objects', items: Array.from({ length: RECORDINGS }, (_, i) => item(i)) }
        : { kind: 'storage#rewriteResponse', done: true, resource: {} };
    req.resume();
    res.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log((server.address() as AddressInfo).port);
}

async function receive(port: string): Promise<void> {
  delete process.env['STORAGE_EMULATOR_HOST']; // the client would prefer this address to the one that it is given
  const client = new Storage({
    apiEndpoint: `http://127.0.0.1:${port}`,
    projectId: 'p',
    useAuthWithCustomEndpoint: false,
  });
  // The same library as that of firebase-admin, loaded as an ES module: its classes are others, but have the same shape.
  const bucket = stagingBucket({ bucket: () => client.bucket('bucket') as unknown as Bucket });
  const handle = createArrivalHandler({
    jobs: new JobStore(db),
    files: new FileStore(db),
    objects: new UploadedObjects(bucket),
    queue: { enqueue: () => Promise.resolve() },
    logger: { ...cloudLogger, info: () => undefined },
  });
  const events = Array.from({ length: EVENTS }, (_, i) => jobIds.map((jobId) => [jobId, i] as const)).flat();
  await pMap(
    events,
    ([jobId, i]) => handle({ name: pathOf(jobId, i), generation: '1', size: SIZE, md5Hash: md5Of(i) }),
    { concurrency: recordingStaged.concurrency },
  );
  const jobs = await db.getAll(...jobIds.map((jobId) => new JobStore(db).ref(jobId)));
  const started = jobs.filter((doc) => doc.get('status') === 'pending').length;
  console.log(JSON.stringify({ jobs: JOBS, started, peakMb: Math.round(process.resourceUsage().maxRSS / 1024) }));
  process.exit(0);
}

const [mode, port = ''] = process.argv.slice(2);
await (mode === 'prepare' ? prepare() : mode === 'storage' ? storage() : receive(port));
