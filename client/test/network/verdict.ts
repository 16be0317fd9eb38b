/** Checks what must be true after a run, from the reports of the client, the counts of the proxy and the data of the server. */
import { checkUser } from '../../../functions/test/invariants/check.ts';
import { everyWordOnce } from '../../../functions/test/invariants/requests.ts';
import { loadUserData } from '../../../functions/test/invariants/userData.ts';
import type { UserData } from '../../../functions/test/invariants/userData.ts';
import { bucket, db } from '../../../functions/test/support/suite.ts';
import { pieceSize } from '../../src/resumable.ts';
import type { Report } from './orders.ts';
import { DONE } from './proxy.ts';
import type { AudioRequest, FaultyProxy } from './proxy.ts';
import type { RunPlan } from './plan.ts';

export interface Evidence {
  readonly uid: string;
  readonly plan: RunPlan;
  readonly reports: readonly Report[];
  /** Unix milliseconds. */
  readonly kills: readonly number[];
  readonly proxy: Pick<FaultyProxy, 'audio' | 'done'>;
}

export interface Verdict {
  readonly complaints: readonly string[];
  readonly handedOverAgain: number;
  readonly sentBytes: number;
  readonly sizeBytes: number;
}

export async function judge({ uid, plan, reports, kills, proxy }: Evidence): Promise<Verdict> {
  const data = await loadUserData(db, bucket, uid);
  const jobs = [...data.jobs.values()];
  const files = jobs.flatMap((job) => job.files);
  const expected = plan.samples.flatMap((sample) => sample.recordings.map(({ name }) => name));
  const { complaints: handing, again } = handedOver(reports, plan.isTroubled);

  const complaints = [
    ...errors(reports),
    ...synced(reports, expected),
    ...expected.flatMap((name) => {
      const states = files.filter((file) => file.name === name).map(({ state }) => state);
      const once = states.filter((state) => state === 'transcribed' || state === 'silent').length === 1;
      return once && states.every((state) => DONE.has(state))
        ? []
        : [`${name} ended on the server as ${states.join(', ')}`];
    }),
    ...reports.flatMap((report) => {
      if (report.event !== 'deleting') return [];
      const saidAt = proxy.done.get(report.name) ?? Infinity;
      return saidAt <= report.atMs ? [] : [`${report.name} was deleted before the server was done with it`];
    }),
    ...handing,
    ...jobs.flatMap(({ status, acknowledgedAt }) =>
      acknowledgedAt === null ? [`a ${status} job is not acknowledged`] : [],
    ),
    // A store that fails forgets what was sent. It is sent again, and the server recognises it.
    ...(plan.isTroubled ? [] : bytes(proxy.audio, kills)),
    ...sound(data, plan),
  ];
  const sentBytes = proxy.audio.reduce((sum, request) => sum + request.bytes, 0);
  return { complaints, handedOverAgain: again, sentBytes, sizeBytes: jobs.reduce((sum, job) => sum + sizeOf(job), 0) };
}

function sizeOf({ files }: { readonly files: readonly { readonly size: number }[] }): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

function errors(reports: readonly Report[]): string[] {
  return reports.flatMap((report) => (report.event === 'error' ? [`the client reported: ${report.message}`] : []));
}

function synced(reports: readonly Report[], expected: readonly string[]): string[] {
  const last = reports.at(-1);
  if (last?.event !== 'done') return ['the client did not come to an end'];
  return [
    ...expected.flatMap((name) =>
      last.states[name] === 'synced' ? [] : [`${name} is ${last.states[name] ?? 'gone'}`],
    ),
    ...(last.left === 0 ? [] : [`${last.left} recordings are left in the store`]),
  ];
}

/**
 * Each end of a job must be handed over once. It may be handed over once more if storing that was interrupted: the process was killed
 * before, or the store of a troubled device failed.
 */
function handedOver(reports: readonly Report[], isTroubled: boolean): { complaints: string[]; again: number } {
  const open = new Set<string>();
  const onRecord = new Set<string>();
  const complaints: string[] = [];
  let again = 0;
  for (const report of reports) {
    if (report.event === 'handling') {
      if (onRecord.has(report.key) && !isTroubled) complaints.push(`${report.key} was handed over again`);
      if (open.has(report.key)) again += 1;
      open.add(report.key);
    }
    if (report.event === 'handled') onRecord.add(report.key);
  }
  return { complaints, again };
}

/**
 * The fewest bytes that an interrupted upload can send. To Storage: each byte that Storage accepted once, and each piece that did not
 * arrive. As one request: the request once, and once more for each lost answer.
 */
function bytes(audio: readonly AudioRequest[], kills: readonly number[]): string[] {
  const byId = Map.groupBy(audio, ({ id }) => id);
  const keysOf = new Map<string, Set<string>>();
  for (const { id, names } of audio)
    for (const name of names) keysOf.set(name, (keysOf.get(name) ?? new Set()).add(id));
  return [
    ...[...byId].flatMap(([id, requests]) =>
      requests[0]?.kind === 'piece' ? pieces(id, requests) : wholes(id, requests, kills),
    ),
    // A batch that was begun must be finished unchanged, by whichever process.
    ...[...keysOf].flatMap(([name, keys]) => (keys.size === 1 ? [] : [`${name} was sent in ${keys.size} batches`])),
  ];
}

function pieces(path: string, requests: readonly AudioRequest[]): string[] {
  const taken = requests.filter(({ wasTaken }) => wasTaken);
  const offsets = taken.map(({ offset }) => offset);
  const size = Math.max(0, ...taken.map(({ offset, bytes }) => offset + bytes));
  const lost = requests.filter(({ wasTaken }) => !wasTaken);
  const sent = requests.reduce((sum, request) => sum + request.bytes, 0);
  const bound = size + lost.length * pieceSize(size);
  return [
    ...(new Set(offsets).size === offsets.length ? [] : [`${path}: Storage was sent again what it had`]),
    ...(sent <= bound ? [] : [`${path}: ${sent} bytes were sent, ${bound} are enough`]),
  ];
}

/** An answer that arrived may have been lost with the process that received it. */
function wholes(key: string, requests: readonly AudioRequest[], kills: readonly number[]): string[] {
  const inVain = requests.filter(({ wasAnswered, atMs }, i) => {
    const next = requests[i + 1];
    return wasAnswered && next !== undefined && !kills.some((kill) => atMs <= kill && kill <= next.atMs);
  });
  return inVain.length === 0 ? [] : [`${key}: it was sent again after its answer had come`];
}

function sound(data: UserData, { samples }: RunPlan): string[] {
  const context = { nowMs: Date.now(), gapMs: 120_000, graceMs: 60_000 };
  const spoken = samples.flatMap(({ deviceId, words }) =>
    words.map(({ text, startMs, endMs }) => ({ deviceId, text, startMs, endMs })),
  );
  return [
    ...checkUser(data, context).map(({ invariant, complaint }) => `${invariant}: ${complaint}`),
    ...everyWordOnce(data, spoken),
  ];
}
