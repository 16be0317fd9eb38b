/**
 * End to end on the Emulator Suite, one process: `node endToEnd.ts <users> <hours,…>`, within `npm run emulators:exec`. Prints
 * JSON. Absolute figures are the emulators', which are slower than the real services in throughput and faster in latency; what
 * counts is what each is compared with.
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

/** What Deepgram takes for a minute of audio, about; there is no figure of its own for it. */
const REALISTIC_DELAY_MS = 2000;
const DAY_START = Date.UTC(2026, 0, 5);

const minute = await minuteBytes('opus10', 0);
let uploads = 0;

/** A minute that nobody has sent before: the same sound at another time, one byte apart so that it is no duplicate. */
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

/** 202 against a bare write of the same bytes, in turns. */
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

/** From the 202 to the conversation in Firestore, as a listener of the app sees it. */
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

/** Users who all send a minute at the same moment. */
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

/** A day's recordings, a minute each, ten jobs at most: worker and upload in this process, Firestore and Storage the suite's. */
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
