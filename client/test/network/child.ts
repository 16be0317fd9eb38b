/** A client in its own process, with a file store. It is started with an order, and ends when its parent kills it or its work is done. */
import { existsSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { getDocsFromServer } from 'firebase/firestore';
import { unfinishedJobs } from 'offline-audio-sync-contract';
import { createSyncClient } from '../../src/client.ts';
import { toQuery } from '../../src/firebase.ts';
import { fileStore, nodeMd5 } from '../../src/node.ts';
import type { RecordingStore } from '../../src/store.ts';
import { systemClock } from '../../src/time.ts';
import type { Clock } from '../../src/time.ts';
import { TIMEOUT_MS } from '../../src/http.ts';
import { polyfillAbort, polyfilledFetch } from '../support/polyfill.ts';
import { signIn } from '../support/suite.ts';
import { until } from '../../../functions/test/support/until.ts';
import type { Order, Report } from './orders.ts';
import { Troubles, type OffsetKeeper } from './troubles.ts';

/** Prefix of the keys of completions that were handed over to the app. */
const ENDED = 'completion/';

type News = Report extends infer R ? (R extends Report ? Omit<R, 'atMs'> : never) : never;

/** Writes synchronously, so that the parent gets everything that was written before a kill. */
function tell(news: News): void {
  writeSync(1, `${JSON.stringify({ ...news, atMs: Date.now() })}\n`);
}

/**
 * Factor for shorter time limits where promises hang, because a run would otherwise spend most of its time waiting. A third of a minute is
 * long enough on a busy machine.
 */
const LIMITS_OF_TROUBLED = 3;

/** The client's own waits are shortened; its time limits for others are not, because machines are busy. */
function fastClock(speed: number, troubles: Troubles | null): Clock {
  const start = Date.now();
  const limits = troubles === null ? 1 : LIMITS_OF_TROUBLED;
  return {
    now: () => start + (Date.now() - start) * speed + (troubles?.clockOffsetMs() ?? 0),
    monotonic: () => performance.now() * speed,
    sleep: (ms, signal) => systemClock.sleep(ms / (ms < TIMEOUT_MS ? speed : limits), signal),
  };
}

/** Reports what is about to be deleted, and what was stored. A recording that `add` refused was never stored. */
function watched(store: RecordingStore, nameOf: (id: string) => string | undefined): RecordingStore {
  return {
    ...store,
    removeAudio: (id, keys) => {
      const name = nameOf(id);
      if (name !== undefined) tell({ event: 'deleting', name });
      return store.removeAudio(id, keys);
    },
    put: async (entries) => {
      await store.put(entries);
      for (const key of entries.keys()) {
        if (key.startsWith(ENDED)) tell({ event: 'handled', key: key.slice(ENDED.length) });
      }
    },
  };
}

/** Keeps the error of the device's clock over kills and restarts of the process. */
function deviceClock(): OffsetKeeper {
  const file = path.join(order.directory, 'clock-offset');
  return {
    read: () => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0),
    write: (offsetMs) => {
      writeFileSync(file, String(offsetMs));
    },
  };
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
const user = await signIn(order.account, order.origins);
const disk = fileStore({ directory: order.directory });
const troubles = order.troubles === null ? null : new Troubles(order.troubles.seed + process.pid, deviceClock());
if (order.isPolyfilled) polyfillAbort();
const client = createSyncClient({
  ...(order.isPolyfilled && { fetch: polyfilledFetch }),
  store: (troubles?.store ?? ((store) => store))(
    watched(disk, (id) => client.recordings().find((recording) => recording.id === id)?.name),
  ),
  backend: troubles?.backend(user.backend) ?? user.backend,
  gatherMs: 50,
  pollMs: 10_000,
  limits: { maxRequestBytes: order.maxRequestBytes },
  clock: fastClock(order.speed, troubles),
  createMd5: nodeMd5,
  onCompletion: ({ jobId, finishedAt }) => {
    tell({ event: 'handling', key: `${jobId}@${finishedAt}` });
  },
});
client.on('error', (error) => {
  if (troubles?.isMine(error) === true) return;
  tell({ event: 'error', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
});

await retrying(() => client.start());
for (const { name, file, deviceId } of order.recordings) {
  if (client.recordings().some((recording) => recording.name === name)) continue;
  const data = new Uint8Array(await readFile(file));
  await retrying(async () => {
    if (!client.recordings().some((recording) => recording.name === name)) await client.add({ name, deviceId, data });
  });
}

/** Retries as an app does whose device is in trouble. */
async function retrying(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (troubles?.isMine(error) !== true) throw error;
    }
  }
}

const isSynced = (): boolean => client.recordings().every(({ state }) => state === 'synced' || state === 'failed');
/** Whether every job of the user has ended and is acknowledged. A full store may have forgotten an upload whose job continues. */
const isServerDone = async (): Promise<boolean> => {
  const unfinished = await getDocsFromServer(toQuery(user.firestore, unfinishedJobs(user.uid, 1)));
  return unfinished.empty && (await user.backend.endedJobs()).length === 0;
};
/** Whether all ends are stored here. If a full store lost one with its process, the server knows it. */
const areEndsKnown = async (): Promise<boolean> => {
  if (troubles !== null) return isServerDone().catch(() => false);
  const known = [...(await disk.entries())].filter(
    ([key, { acknowledged }]) => key.startsWith(ENDED) && acknowledged === true,
  );
  const onRecord = new Set(known.map(([, { jobId }]) => jobId));
  return client.recordings().every(({ jobId }) => onRecord.has(jobId));
};
/** Whether all audio is deleted, which happens after the end is stored. A store that fails is asked again. */
const isAudioGone = async (): Promise<boolean> => (await disk.audioIds()).length === 0;
await until(async () => isSynced() && (await areEndsKnown()) && (await isAudioGone()), 900_000);
const states = Object.fromEntries(client.recordings().map(({ name, state }) => [name, state]));
await client.dispose();
tell({ event: 'done', states, left: (await disk.audioIds()).length });
await user.close();
process.exit(0);
