/**
 * Measures the way from upload to conversation on the Emulator Suite, in one process: `node endToEnd.ts <users> <hours,…>`,
 * within `npm run emulators:exec`. Prints JSON. The emulators have less throughput and less latency than the real services, so
 * only comparisons count.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StandInControl } from '../../dev/deepgram/control.ts';
import { ListenerPool } from '../src/audio/detect/listenerPool.ts';
import { bearer, hasEnded, uploadFiles, waitForJob } from '../test/support/client.ts';
import { countOperations } from '../test/support/operations.ts';
import { bucket, db, signUp } from '../test/support/suite.ts';
import type { TestUser } from '../test/support/suite.ts';
import { TestWorld } from '../test/support/worker.ts';
import { crowd } from './crowd.ts';
import type { AtOnce, Growth } from './ratios.ts';
import { median } from './rounds.ts';
import { fileName, minuteBytes } from './sound.ts';

const users = Number(process.argv[2] ?? 200);
const hours = (process.argv[3] ?? '1,2,4').split(',').map(Number);
const standIn = new StandInControl(process.env['DEEPGRAM_STANDIN_URL'] ?? '');

/** About how long Deepgram takes for a minute of audio, milliseconds. Deepgram publishes no figure. */
const REALISTIC_DELAY_MS = 2000;
const DAY_START = Date.UTC(2026, 0, 5);

const minute = await minuteBytes('opus10', 0);
let uploads = 0;

/**
 * A recording of a minute that has not been sent before: the same audio at another time. One byte differs, so that it is no
 * duplicate.
 */
function nextMinute(): { name: string; bytes: Uint8Array } {
  const at = uploads++;
  const torn = Buffer.alloc(4 + 4);
  torn.writeUInt32LE(99, 0);
  torn.writeUInt32LE(at, 4);
  return { name: fileName('opus10', DAY_START + at * 3_600_000), bytes: Buffer.concat([minute, torn]) };
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const began = performance.now();
  const result = await work();
  return { ms: performance.now() - began, result };
}

async function send(user: TestUser): Promise<string> {
  const { status, body } = await uploadFiles(user.idToken, [nextMinute()]);
  if (status !== 202) throw new Error(`The upload was answered ${status}: ${JSON.stringify(body)}`);
  return body.job_id;
}

/** Compares the time until the 202 with that of a bare write of the same bytes, in turns. */
async function latency(): Promise<{ acceptedMs: number; bareWriteMs: number }> {
  const user = await signUp();
  const accepted: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < 8; round++) {
    const { ms, result } = await timed(() => send(user));
    bare.push((await timed(() => bucket.file(`bench/${round}`).save(Buffer.from(minute), { resumable: false }))).ms);
    await waitForJob(user.idToken, result, hasEnded, 120_000);
    if (round > 0) accepted.push(ms);
  }
  return { acceptedMs: Math.round(median(accepted)), bareWriteMs: Math.round(median(bare)) };
}

/** The time from the 202 until a listener of the app sees the conversation in Firestore, milliseconds. */
async function visible(): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 4; round++) {
    const user = await signUp();
    const seen = new Promise<void>((resolve) => {
      const stop = db.collection(`users/${user.uid}/conversations`).onSnapshot(({ empty }) => {
        if (empty) return;
        stop();
        resolve();
      });
    });
    const jobId = await send(user);
    const { ms } = await timed(() => seen);
    if (round > 0) times.push(ms);
    await waitForJob(user.idToken, jobId, hasEnded, 120_000);
  }
  return Math.round(median(times));
}

/** Users who all send a recording of a minute at the same moment. */
const atOnce = (listener: ListenerPool): Promise<AtOnce> =>
  crowd(users, listener, async (url, { idToken }) => {
    const { name, bytes } = nextMinute();
    const form = new FormData();
    form.append('files', new File([Uint8Array.from(bytes)], name));
    const ask = () => fetch(url, { method: 'POST', headers: bearer(idToken), body: form });
    let answer = await ask();
    while (answer.status === 503) {
      await sleep(1000 * Number(answer.headers.get('Retry-After')));
      answer = await ask();
    }
    if (answer.status !== 202) throw new Error(`The upload was answered ${answer.status}: ${await answer.text()}`);
  });

/**
 * Recordings of a day, a minute each, in at most ten jobs. Worker and upload run in this process; Firestore and Storage are
 * those of the suite.
 */
async function growth(length: number, listener: ListenerPool): Promise<Growth> {
  const world = new TestWorld({ listener: () => Promise.resolve(listener), concurrency: 4 });
  const files = await Promise.all(
    Array.from({ length: 60 * length }, async (_, i) => ({
      filename: fileName('opus10', DAY_START + i * 60_000),
      bytes: await minuteBytes('opus10', i),
    })),
  );
  await standIn.reset();
  const operations = countOperations();
  const began = performance.now();
  const jobs: string[] = [];
  for (let i = 0; i < files.length; i += 200) jobs.push(await world.accept(files.slice(i, i + 200)));
  for (const jobId of jobs) await world.deliver(jobId);
  const seconds = (performance.now() - began) / 1000;
  operations.stop();
  const conversations = (await world.conversations()).length;
  await world.close();
  return {
    hours: length,
    recordings: files.length,
    seconds: Math.round(10 * seconds) / 10,
    ...operations.count,
    storageOperations: 3 * files.length,
    requests: (await standIn.log()).requests.length,
    conversations,
  };
}

const result: Record<string, unknown> = { realisticDelayMs: REALISTIC_DELAY_MS };
await standIn.reset();
result['latency'] = await latency();
result['visibleMs'] = await visible();
const listener = new ListenerPool();
result['atOnce'] = await atOnce(listener);
await standIn.behave({ delayMs: REALISTIC_DELAY_MS });
result['visibleRealisticMs'] = await visible();
result['atOnceRealistic'] = await atOnce(listener);
await standIn.reset();
const grown: Growth[] = [];
for (const length of hours) grown.push(await growth(length, listener));
result['growth'] = grown;
await listener.close();
await sleep(0);
console.log(JSON.stringify(result));
process.exit(0);
