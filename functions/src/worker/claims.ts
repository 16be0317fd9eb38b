/**
 * Claims the job's recordings in the user's registry before work on them begins. If a recording is known under another date, the new
 * one corrects it: everything stored of the recording moves to the new date.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { Firestore, Transaction } from 'firebase-admin/firestore';
import { finishRedating } from '../completion/redate.ts';
import type { RedateDeps } from '../completion/redate.ts';
import { LIMITS } from 'offline-audio-sync-contract';
import { deletedStretches } from '../conversations/deletion.ts';
import { prepareRedating } from '../jobs/redatings.ts';
import type { FileStore, OpenFiles } from '../jobs/files.ts';
import { asDuplicate } from '../jobs/recordingEntry.ts';
import type { Claim, RecordingShift } from '../jobs/recordingEntry.ts';
import type { RecordingRegistry } from '../jobs/registry.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import type { Lease } from '../jobs/lease.ts';
import type { JobChange } from '../jobs/store.ts';
import { withFinal } from '../jobs/totals.ts';
import { inTimeOrder } from './scanOrder.ts';

export interface ClaimDeps extends RedateDeps {
  readonly registry: RecordingRegistry;
  readonly files: FileStore;
}

/** Recordings of one transaction: far below what a transaction may read and write. */
const GROUP = 100;

export interface Claimed {
  /** Recordings to process. */
  readonly files: readonly JobFile[];
  /** How many recordings wait for another job. */
  readonly waiting: number;
  /** When the first of those jobs continues, if all of them wait themselves; Unix milliseconds. */
  readonly waitUntilMs: number | null;
  /** Paths of recordings that turned out to be duplicates: their objects are no longer needed. */
  readonly duplicates: readonly string[];
}

/**
 * Claims the recordings that are not done. Duplicates become final. Claiming a recording again for the same job changes nothing. When
 * it returns, no correction of dates is under way, and the recordings have their right dates.
 * @param uid of the job's user.
 */
export async function claimRecordings(
  uid: string,
  staged: readonly JobFile[],
  lease: Lease,
  deps: ClaimDeps,
): Promise<Claimed> {
  const claims = new Map<string, Claim>();
  await finishRedating(uid, deps);
  for (let from = 0; from < staged.length; from += GROUP) {
    const group = staged.slice(from, from + GROUP);
    await lease.update(async (current, tx) => {
      const made = await claimGroup(tx, current, lease.jobId, group, deps);
      for (const [name, claim] of made.claims) claims.set(name, claim);
      return made.change;
    });
    if (group.some(({ name }) => isShifted(claims.get(name)))) await finishRedating(uid, deps);
  }
  const of = (kind: Claim['kind']): JobFile[] => staged.filter(({ name }) => claims.get(name)?.kind === kind);
  const waits = [...claims.values()].flatMap((claim) => (claim.kind === 'wait' ? [claim.untilMs] : []));
  const known = waits.flatMap((untilMs) => untilMs ?? []);
  return {
    files: inTimeOrder(staged.flatMap((file) => claimedFile(file, claims.get(file.name)) ?? [])),
    waiting: waits.length,
    waitUntilMs: known.length > 0 && known.length === waits.length ? Math.min(...known) : null,
    duplicates: of('duplicate').map(({ path }) => path),
  };
}

async function claimGroup(
  tx: Transaction,
  job: Job,
  jobId: string,
  group: readonly JobFile[],
  { db, files, registry, now }: ClaimDeps,
): Promise<{ claims: ReadonlyMap<string, Claim>; change: JobChange }> {
  const { uid } = job;
  const open = await files.read(jobId, job, { names: group.map(({ name }) => name), tx });
  const { claims, write } = await registry.prepareClaims(tx, jobId, uid, group);
  const shifts = [...claims.values()].flatMap((claim) => (claim.kind === 'wait' ? [] : (claim.shift ?? [])));
  const redating = shifts.length === 0 ? null : await prepareRedating(tx, db, uid);
  for (const [name, claim] of claims) {
    if (claim.kind !== 'duplicate' || claim.shift === null) continue;
    // Process it, so that what the user deleted at the wrong date is transcribed again. The rest of it is covered.
    if (await hasDeletions(tx, db, uid, claim.shift)) {
      claims.set(name, { kind: 'ours', startedAt: Timestamp.fromMillis(claim.shift.toMs), shift: claim.shift });
    }
  }

  write(claims);
  redating?.write(shifts, null, now());
  const [before, after] = markDuplicates(open, claims);
  for (const file of group) {
    const known = open.get(file.name);
    const claimed = known === undefined ? null : claimedFile(known, claims.get(file.name));
    if (claimed !== null) open.set(claimed);
  }
  open.write(tx);
  return { claims, change: after.length === 0 ? {} : withFinal(job, before, after) };
}

function isShifted(claim: Claim | undefined): boolean {
  return claim !== undefined && claim.kind !== 'wait' && claim.shift !== null;
}

/** The recording with its right date; null if this job does not process it. */
function claimedFile(file: JobFile, claim: Claim | undefined): JobFile | null {
  if (claim?.kind !== 'ours') return null;
  return file.startedAt.isEqual(claim.startedAt) ? file : { ...file, startedAt: claim.startedAt };
}

async function hasDeletions(
  tx: Transaction,
  db: Firestore,
  uid: string,
  { deviceId, fromMs, durationSeconds }: RecordingShift,
): Promise<boolean> {
  const endMs = fromMs + 1000 * (durationSeconds ?? LIMITS.maxRecordingSeconds);
  return (await deletedStretches(db, { uid, deviceId, startMs: fromMs, endMs }, tx)).length > 0;
}

function markDuplicates(open: OpenFiles, claims: ReadonlyMap<string, Claim>): [JobFile[], JobFile[]] {
  const before: JobFile[] = [];
  const after: JobFile[] = [];
  for (const [name, claim] of claims) {
    const file = open.get(name);
    if (claim.kind !== 'duplicate' || file?.state !== 'staged') continue;
    before.push(file);
    after.push(asDuplicate(file, claim));
  }
  for (const file of after) open.set(file);
  return [before, after];
}
