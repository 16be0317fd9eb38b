/**
 * The progress that an app shows. It is written every few seconds at most, because Firestore takes about one write a second of a
 * document.
 */
import type { Job, JobFile, Progress } from '../jobs/job.ts';
import { isFinal } from '../jobs/job.ts';
import type { JobChange } from '../jobs/store.ts';

const WRITE_EVERY_MS = 3000;

/** Share of the work that scanning is; the rest is transcribing. */
const SCAN_SHARE = 0.3;

export class ProgressReporter {
  readonly #save: (change: JobChange) => Promise<unknown>;
  readonly #now: () => number;
  readonly #totalBytes: number;
  readonly #filesTotal: number;
  readonly #scanned = new Map<string, number>();
  readonly #chunksBefore: number;
  #chunksPlanned = 0;
  #chunksDone = 0;
  #percent: number;
  #writtenAtMs: number;

  /** @param save writes a change of the job. */
  constructor(job: Job, files: readonly JobFile[], save: (change: JobChange) => Promise<unknown>, now: () => number) {
    this.#save = save;
    this.#now = now;
    this.#totalBytes = files.reduce((sum, { size }) => sum + size, 0);
    this.#filesTotal = files.length;
    for (const file of files) if (isFinal(file)) this.#scanned.set(file.name, file.size);
    this.#chunksBefore = job.progress.chunksDone;
    this.#percent = job.progress.percent;
    this.#writtenAtMs = now();
  }

  async fileScanned(file: JobFile): Promise<void> {
    this.#scanned.set(file.name, file.size);
    await this.#write();
  }

  async chunkPlanned(): Promise<void> {
    this.#chunksPlanned++;
    await this.#write();
  }

  /** @returns the change of the job that is written with the result of one more chunk. */
  chunkDone(): JobChange {
    this.#chunksDone++;
    return this.#change();
  }

  #change(): { readonly progress: Progress } {
    this.#writtenAtMs = this.#now();
    const scannedBytes = [...this.#scanned.values()].reduce((sum, size) => sum + size, 0);
    const scanned = this.#totalBytes === 0 ? 1 : scannedBytes / this.#totalBytes;
    const transcribed = this.#chunksPlanned === 0 ? 0 : (scanned * this.#chunksDone) / this.#chunksPlanned;
    const percent = Math.floor(100 * (SCAN_SHARE * scanned + (1 - SCAN_SHARE) * transcribed));
    this.#percent = Math.min(99, Math.max(this.#percent, percent));
    const progress: Progress = {
      stage: scanned < 1 && this.#chunksPlanned === 0 ? 'decoding' : 'transcribing',
      percent: this.#percent,
      filesDone: this.#scanned.size,
      filesTotal: this.#filesTotal,
      chunksDone: this.#chunksBefore + this.#chunksDone,
      chunksPlanned: this.#chunksBefore + this.#chunksPlanned,
    };
    return { progress };
  }

  async #write(): Promise<void> {
    if (this.#now() - this.#writtenAtMs < WRITE_EVERY_MS) return;
    await this.#save(this.#change());
  }
}
