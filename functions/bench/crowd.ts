/**
 * Many users who each send a recording of a minute at the same moment, to one instance of the upload function and several of
 * the task function. All run in this process, because the emulator would start a process for every request. Firestore, Storage
 * and Auth are those of the suite.
 */
import { EventEmitter, on } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { http as register } from '@google-cloud/functions-framework';
import type { HttpFunction } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { getAppCheck } from 'firebase-admin/app-check';
import pMap from 'p-map';
import type { Listener } from '../src/audio/detect/listener.ts';
import { LIMITS } from 'offline-audio-sync-contract';
import { options as TASK } from '../src/endpoints/processSyncJob.ts';
import { createAuthenticator } from '../src/http/auth.ts';
import type { TaskPayload } from '../src/jobs/job.ts';
import type { TaskQueue } from '../src/jobs/queue.ts';
import { processJob } from '../src/worker/processJob.ts';
import { createUploadHandler } from '../src/endpoints/syncUpload.ts';
import { acceptUpload } from '../src/upload/accept.ts';
import { FairUse } from '../src/usage/fairUse.ts';
import { auth, signUp } from '../test/support/suite.ts';
import type { TestUser } from '../test/support/suite.ts';
import { NO_LIMITS, TestWorld } from '../test/support/worker.ts';
import { median } from './rounds.ts';
import type { AtOnce } from './ratios.ts';

/**
 * Instances of the task function. Each processes one job at a time. More of them would wait for the emulators, which share the
 * processors.
 */
const INSTANCES = 8;

/** @param upload sends a minute of audio to this address, until it is accepted. */
export async function crowd(
  users: number,
  listener: Listener,
  upload: (url: string, user: TestUser) => Promise<void>,
): Promise<AtOnce> {
  const tasks = new EventEmitter();
  const queue: TaskQueue = { enqueue: (payload) => Promise.resolve(void tasks.emit('task', payload)) };
  const world = new TestWorld({ listener: () => Promise.resolve(listener), queue });
  const server = await serve(world);
  const all = await Promise.all(Array.from({ length: users }, signUp));

  const began = performance.now();
  const since = (): number => Math.round(performance.now() - began);
  const accepted: number[] = [];
  const done: number[] = [];
  let redelivered = 0;
  const work = async (payload: TaskPayload): Promise<void> => {
    while (!(await delivered(payload, world))) {
      if (++redelivered > users) throw new Error('Tasks fail over and over.');
      await sleep(1000 * TASK.retryConfig.minBackoffSeconds);
    }
    done.push(since());
  };
  const worked = pMap(first(users, tasks), work, { concurrency: INSTANCES });
  const uploads = all.map(async (user) => {
    await upload(server.url, user);
    accepted.push(since());
  });
  await Promise.all([worked, ...uploads]);
  await server.close();
  await world.close();
  return {
    users,
    acceptedMs: Math.round(median(accepted)),
    lastAcceptedMs: Math.max(...accepted),
    doneMs: Math.round(median(done)),
    lastDoneMs: Math.max(...done),
    redelivered,
  };
}

/** @returns false if the delivery failed for any reason: the emulator gives up locks and transactions for which many wait */
async function delivered(payload: TaskPayload, world: TestWorld): Promise<boolean> {
  try {
    await processJob(payload, world.deps);
    return true;
  } catch {
    return false;
  }
}

async function* first(count: number, tasks: EventEmitter): AsyncGenerator<TaskPayload> {
  let taken = 0;
  for await (const [payload] of on(tasks, 'task') as AsyncIterable<[TaskPayload]>) {
    yield payload;
    if (++taken === count) return;
  }
}

/** The upload function as it is deployed, with another queue. */
async function serve(world: TestWorld): Promise<{ url: string; close: () => Promise<unknown> }> {
  const deps = {
    ...world.acceptDeps(),
    fairUse: new FairUse({ db: world.db, jobs: world.deps.jobs, limits: NO_LIMITS, now: Date.now }),
  };
  const handler = createUploadHandler({
    accept: (upload) => acceptUpload(deps, upload),
    authenticate: createAuthenticator({
      auth,
      appCheck: () => getAppCheck(),
      enforceAppCheck: () => false,
      checkRevoked: true,
      signUp: () => ({ policy: 'open', domains: [] }),
    }),
    limits: {
      maxRequestBytes: LIMITS.maxRequestBytes,
      maxFiles: LIMITS.maxFilesPerRequest,
      maxRecordingBytes: LIMITS.maxRecordingBytes,
    },
    logger: world.logger,
    now: Date.now,
  });
  register('crowd', handler as HttpFunction);
  const server = getTestServer('crowd');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
