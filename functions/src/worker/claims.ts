/** The job's recordings against the user's ingest ledger: claimed before work, settled after it. */
import { asDuplicate } from '../jobs/ingestLedger.ts';
import type { IngestLedger } from '../jobs/ingestLedger.ts';
import type { KnownChunk } from '../jobs/chunk.ts';
import type { Job } from '../jobs/job.ts';
import type { Lease } from '../jobs/lease.ts';
import type { UsageStore } from '../usage/usage.ts';
import { concludeFile } from '../completion/outcome.ts';

export interface ClaimDeps {
  readonly ingest: IngestLedger;
  readonly usage: UsageStore;
}

/** Recordings of one transaction: far below what a transaction may read and write. */
const GROUP = 100;

export interface Claimed {
  /** The job with its duplicates marked. */
  readonly job: Job;
  /** Names of recordings that another job is working on. */
  readonly waiting: ReadonlySet<string>;
  /** Jobs that failed with recordings that are ours now: what they transcribed of them is not asked for again. */
  readonly earlierJobs: ReadonlySet<string>;
}

/** Claims what is still to be done. Duplicates are marked on the job at once; claiming again what is ours changes nothing. */
export async function claimRecordings(job: Job, lease: Lease, { ingest }: Pick<ClaimDeps, 'ingest'>): Promise<Claimed> {
  const waiting = new Set<string>();
  const earlierJobs = new Set<string>();
  let latest = job;
  for (const group of groups(job.files.filter(({ state }) => state === 'staged'))) {
    latest = await lease.update(async (current, tx) => {
      const claims = await ingest.claim(tx, lease.jobId, current.uid, group);
      for (const [name, claim] of claims) {
        if (claim.kind === 'wait') waiting.add(name);
        if (claim.kind === 'ours') for (const earlier of claim.takenFrom) earlierJobs.add(earlier);
      }
      const files = current.files.map((file) => {
        const claim = claims.get(file.name);
        return claim?.kind === 'duplicate' ? asDuplicate(file, claim) : file;
      });
      return files.some((file, i) => file !== current.files[i]) ? { files } : null;
    });
  }
  return { job: latest, waiting, earlierJobs };
}

/**
 * Settles the recordings whose chunks are all settled: their final state on the job, their ledger entry and the user's
 * seconds of audio in one transaction, so that each is counted once.
 */
export async function settleRecordings(
  lease: Lease,
  chunks: readonly KnownChunk[],
  names: ReadonlySet<string>,
  { ingest, usage }: ClaimDeps,
): Promise<void> {
  for (const group of groups([...names])) {
    await lease.update((current, tx) => {
      const settled = current.files
        .filter(({ name, state }) => state === 'staged' && group.includes(name))
        .map((file) => concludeFile(file, chunks));
      for (const file of settled) if (file.state !== 'failed') ingest.settle(tx, lease.jobId, current.uid, file);
      const audioSeconds = settled.reduce((sum, { durationSeconds }) => sum + (durationSeconds ?? 0), 0);
      if (audioSeconds > 0) usage.add(tx, current.uid, { audioSeconds });
      const byName = new Map(settled.map((file) => [file.name, file]));
      return { files: current.files.map((file) => byName.get(file.name) ?? file) };
    });
  }
}

function* groups<T>(items: readonly T[]): Generator<T[]> {
  for (let i = 0; i < items.length; i += GROUP) yield items.slice(i, i + GROUP);
}
