import type { Firestore, Transaction } from 'firebase-admin/firestore';
import { Coverage } from '../../src/jobs/coverage.ts';
import type { CoveredAudio } from '../../src/jobs/coverage.ts';

/** The coverage of one user in memory, which several attempts share. */
export class MemoryCoverage {
  readonly #docs = new Map<string, unknown>();
  readonly #db = {
    collection: () => ({ doc: (id: string) => ({ id }) }),
    getAll: (...refs: { id: string }[]) => Promise.resolve(refs.map((ref) => this.#snapshot(ref))),
  };

  /** The coverage for an attempt of this job. */
  of(jobId: string): Coverage {
    return new Coverage(this.#db as unknown as Firestore, 'u', jobId, Date.now);
  }

  /** Stores that the job has a result for this audio. */
  async cover(jobId: string, audio: CoveredAudio): Promise<void> {
    const tx = {
      getAll: (...refs: { id: string }[]) => Promise.resolve(refs.map((ref) => this.#snapshot(ref))),
      set: ({ id }: { id: string }, doc: unknown) => this.#docs.set(id, doc),
    };
    (await this.of(jobId).prepare(tx as unknown as Transaction, audio)).write();
  }

  #snapshot(ref: { id: string }) {
    return { id: ref.id, ref, data: () => this.#docs.get(ref.id) };
  }
}
