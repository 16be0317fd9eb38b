/** The job's recordings against the user's registry: each is claimed before work on it begins. */
import type { FileStore, OpenFiles } from '../jobs/files.ts';
import { asDuplicate } from '../jobs/registry.ts';
import type { Claim, RecordingRegistry } from '../jobs/registry.ts';
import type { JobFile } from '../jobs/job.ts';
import type { Lease } from '../jobs/lease.ts';
import { withFinal } from '../jobs/totals.ts';

export interface ClaimDeps {
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
  /** When the first of those jobs goes on, where all of them wait themselves; Unix milliseconds. */
  readonly waitUntilMs: number | null;
  /** Paths of recordings that turned out to be duplicates: their objects are needed no more. */
  readonly duplicates: readonly string[];
}

/** Claims what is still to be done. Duplicates become final; claiming again what is this job's changes nothing. */
export async function claimRecordings(
  staged: readonly JobFile[],
  lease: Lease,
  { registry, files }: ClaimDeps,
): Promise<Claimed> {
  const claims = new Map<string, Claim>();
  for (let from = 0; from < staged.length; from += GROUP) {
    const group = staged.slice(from, from + GROUP);
    await lease.update(async (current, tx) => {
      const open = await files.read(lease.jobId, current, { names: group.map(({ name }) => name), tx });
      const made = await registry.claim(tx, lease.jobId, current.uid, group);
      for (const [name, claim] of made) claims.set(name, claim);
      const [before, after] = markDuplicates(open, made);
      open.write(tx);
      return after.length === 0 ? {} : withFinal(current, before, after);
    });
  }
  const of = (kind: Claim['kind']): JobFile[] => staged.filter(({ name }) => claims.get(name)?.kind === kind);
  const waits = [...claims.values()].flatMap((claim) => (claim.kind === 'wait' ? [claim.untilMs] : []));
  const known = waits.flatMap((untilMs) => untilMs ?? []);
  return {
    files: of('ours'),
    waiting: waits.length,
    waitUntilMs: known.length > 0 && known.length === waits.length ? Math.min(...known) : null,
    duplicates: of('duplicate').map(({ path }) => path),
  };
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
