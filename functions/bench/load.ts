/**
 * Measures how long one instance takes to answer ordinary uploads: alone, with 5 % hostile requests of all kinds among them,
 * and with as many of one kind alone, because an attacker sends the worst kind. The instance is a separate process, bound to
 * one processor if the machine allows that. The three take turns, so that other work of the machine affects all of them
 * equally. The last line of the output has the figures.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { filePart, multipart } from '../test/support/multipart.ts';
import { CAPTURED_AT, pcmName, pcmRecording } from '../test/support/recordings.ts';
import { UPLOAD_OPTIONS } from '../src/http/options.ts';
import { loadavg } from 'node:os';
import { hostileRequests } from './hostileRequests.ts';
import type { HostileRequest } from './hostileRequests.ts';
import { median } from './rounds.ts';
import type { UploadLoad } from './uploadLoad.ts';

/** As many requests as an instance gets at once. */
const AT_ONCE = UPLOAD_OPTIONS.concurrency;
const REQUESTS = 100;
/** Every twentieth request: 5 %. */
const HOSTILE_EVERY = 20;
/** A recording of a minute in PCM frames of 10 ms. */
const FRAMES = 6000;

const rounds = Number(process.argv[2] ?? 5);
const server = spawn(
  ...onOneProcessor([
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    path.join(import.meta.dirname, 'loadServer.ts'),
  ]),
  { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
);
const [url] = (await once(createInterface({ input: server.stdout ?? process.stdin }), 'line')) as [string];

const ordinary = multipart([filePart(pcmName(CAPTURED_AT), pcmRecording({ frames: FRAMES, value: 1 }))]);
const kinds = hostileRequests();
const answers = new Map<string, { status: number; ms: number }[]>(kinds.map(({ what }) => [what, []]));
const alone: number[] = [];
const beside: number[] = [];
let sent = 0;
await round([]); // warms up
const load = loadavg()[0] ?? 0;
for (let i = 0; i < rounds; i++) {
  alone.push(...(await round([])));
  beside.push(...(await round(kinds)));
}
const overAlone = new Map<string, number>();
for (const kind of kinds) {
  const before = median(await round([]));
  const during = median(await round([kind]));
  const after = median(await round([]));
  overAlone.set(kind.what, during / ((before + after) / 2));
}
server.disconnect();

const figures: UploadLoad = {
  rounds,
  requestsPerRound: REQUESTS,
  load: Math.round(load * 10) / 10,
  alone: summary(alone),
  besideHostile: summary(beside),
  hostile: [...answers].map(([what, all]) => ({
    what,
    status: all[0]?.status ?? 0,
    ms: Math.round(median(all.map(({ ms }) => ms))),
    overAlone: Math.round((overAlone.get(what) ?? NaN) * 100) / 100,
  })),
};
console.log(JSON.stringify(figures));

/** Sends requests, {@link AT_ONCE} at a time. @returns milliseconds of each ordinary one */
async function round(hostileKinds: readonly HostileRequest[]): Promise<number[]> {
  const times: number[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < REQUESTS; i = next++) {
      const isHostile = i % HOSTILE_EVERY === HOSTILE_EVERY - 1;
      const hostile = isHostile ? hostileKinds[sent++ % hostileKinds.length] : undefined;
      if (hostile !== undefined) answers.get(hostile.what)?.push(await ask(hostile));
      else times.push((await ask({ ...ordinary, path: '/upload' }, 202)).ms);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return times;
}

async function ask(
  { path: to, contentType, body, packed }: Omit<HostileRequest, 'what'>,
  expected?: number,
): Promise<{ status: number; ms: number }> {
  const began = performance.now();
  const response = await fetch(url + to, {
    method: 'POST',
    headers: { 'Content-Type': contentType, ...(packed && { 'Content-Encoding': 'gzip' }) },
    body: new Uint8Array(body),
  });
  const text = await response.text();
  if (expected !== undefined && response.status !== expected) throw new Error(`${response.status}: ${text}`);
  return { status: response.status, ms: performance.now() - began };
}

function summary(times: readonly number[]): { medianMs: number; p95Ms: number } {
  const sorted = times.toSorted((a, b) => a - b);
  return { medianMs: Math.round(median(times)), p95Ms: Math.round(sorted[Math.floor(0.95 * sorted.length)] ?? NaN) };
}

function onOneProcessor([program = '', ...args]: readonly string[]): [string, string[]] {
  return process.platform === 'linux' ? ['taskset', ['-c', '0', program, ...args]] : [program, args];
}
