/** One run: a user, a bad network, and a client that is killed now and then. At the end, the verdict is checked. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_REGION } from 'offline-audio-sync-contract';
import { Random } from '../../../functions/test/crash/random.ts';
import { createAccount, required } from '../support/suite.ts';
import type { Order, Report } from './orders.ts';
import { FaultyProxy } from './proxy.ts';
import type { RunPlan } from './plan.ts';
import { judge } from './verdict.ts';

export interface RunOutcome {
  readonly plan: RunPlan;
  readonly kills: number;
  readonly faults: ReadonlyMap<string, number>;
  /** How often the app received a job again, because it was killed while it received it. */
  readonly handedOverAgain: number;
  readonly sentBytes: number;
  readonly sizeBytes: number;
  readonly ms: number;
  readonly complaints: readonly string[];
}

/** Only ends what hangs: a run takes seconds, but minutes on a busy machine. Milliseconds. */
const LIMIT_MS = 900_000;
const SPEED = 5;

/** @param script the bundled client process */
export async function run(plan: RunPlan, script: string): Promise<RunOutcome> {
  const started = Date.now();
  const random = new Random(plan.seed * 1000 + plan.index + 500_000_000);
  const account = await createAccount();
  const functions = required('FUNCTIONS_EMULATOR_ORIGIN');
  const storage = `http://${required('FIREBASE_STORAGE_EMULATOR_HOST')}`;
  const firestore = required('FIRESTORE_EMULATOR_HOST');
  const proxy = new FaultyProxy({ functions, storage, firestore, random, faultRate: plan.faultRate });
  const front = await proxy.listen();
  const directory = await mkdtemp(path.join(os.tmpdir(), 'network-run-'));
  const order: Order = {
    account,
    origins: {
      functionsUrl: `${front.http}/${required('GCLOUD_PROJECT')}/${DEFAULT_REGION}`,
      storageUrl: front.http,
      firestore: front.firestore,
    },
    directory,
    recordings: plan.samples.flatMap(({ recordings, folder, deviceId }) =>
      recordings.map(({ name }) => ({ name, file: path.join(folder, name), deviceId })),
    ),
    maxRequestBytes: plan.way === 'direct' ? 1 : 30 * 1024 * 1024,
    speed: SPEED,
    isPolyfilled: plan.isPolyfilled,
    troubles: plan.isTroubled ? { seed: plan.seed * 1000 + plan.index } : null,
  };
  const reports: Report[] = [];
  const kills: number[] = [];
  try {
    for (const afterMs of plan.killsAfterMs) {
      const wasKilled = await live(script, order, reports, afterMs);
      if (!wasKilled) break;
      kills.push(Date.now());
    }
    if (reports.at(-1)?.event !== 'done') await live(script, order, reports, LIMIT_MS);
    const verdict = await judge({ uid: account.uid, plan, reports, kills, proxy });
    return { plan, kills: kills.length, faults: proxy.faults, ms: Date.now() - started, ...verdict };
  } finally {
    proxy.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** @returns true if the process was killed, false if it was done */
async function live(script: string, order: Order, reports: Report[], afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [script, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: `${script}.cache` },
  });
  const stderr: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => reports.push(JSON.parse(line) as Report));
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]);
  const timer = new AbortController();
  const time = delay(afterMs, 'time', { signal: timer.signal }).catch(() => 'time');
  if ((await Promise.race([ended, time])) === 'time') child.kill('SIGKILL');
  timer.abort();
  const [[code, signal]] = (await ended) as [[number | null, string | null], unknown];
  if (code !== 0 && signal !== 'SIGKILL') {
    reports.push({
      event: 'error',
      message: `The client ended with ${code ?? signal}: ${stderr.join('')}`,
      atMs: Date.now(),
    });
  }
  return signal === 'SIGKILL';
}
