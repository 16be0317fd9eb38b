/** What an app shows while it waits. Written at most every few seconds: one document takes about one write a second. */
import type { KnownChunk } from '../jobs/chunk.ts';
import type { Job, JobFile, Progress } from '../jobs/job.ts';
import type { Checkpoints } from './checkpoints.ts';

const WRITE_EVERY_MS = 3000;

/** Share of the work that scanning is; the rest is transcribing. */
const SCAN_SHARE = 0.3;

export class ProgressReporter {
  readonly #checkpoints: Checkpoints;
  readonly #now: () => number;
  readonly #totalBytes: number;
  readonly #filesTotal: number;
  readonly #scanned = new Map<string, number>();
  #chunksPlanned: number;
  #chunksDone: number;
  #percent: number;
  #writtenAtMs: number;

  constructor(job: Job, known: ReadonlyMap<string, KnownChunk>, checkpoints: Checkpoints, now: () => number) {
    this.#checkpoints = checkpoints;
    this.#now = now;
    this.#totalBytes = job.files.reduce((sum, { size }) => sum + size, 0);
    this.#filesTotal = job.files.length;
    for (const { name, size, state, unplannedFrom } of job.files) {
      if (state !== 'staged' || unplannedFrom === null) this.#scanned.set(name, size);
    }
    this.#chunksPlanned = known.size;
    this.#chunksDone = [...known.values()].filter(({ state }) => state !== 'planned').length;
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

  async chunkSettled(): Promise<void> {
    this.#chunksDone++;
    await this.#write();
  }

  #current(): Progress {
    const scannedBytes = [...this.#scanned.values()].reduce((sum, size) => sum + size, 0);
    const scanned = this.#totalBytes === 0 ? 1 : scannedBytes / this.#totalBytes;
    const transcribed = this.#chunksPlanned === 0 ? 0 : (scanned * this.#chunksDone) / this.#chunksPlanned;
    const percent = Math.floor(100 * (SCAN_SHARE * scanned + (1 - SCAN_SHARE) * transcribed));
    this.#percent = Math.min(99, Math.max(this.#percent, percent));
    return {
      stage: scanned < 1 && this.#chunksPlanned === 0 ? 'decoding' : 'transcribing',
      percent: this.#percent,
      filesDone: this.#scanned.size,
      filesTotal: this.#filesTotal,
      chunksDone: this.#chunksDone,
      chunksPlanned: this.#chunksPlanned,
    };
  }

  async #write(): Promise<void> {
    if (this.#now() - this.#writtenAtMs < WRITE_EVERY_MS) return;
    this.#writtenAtMs = this.#now();
    await this.#checkpoints.save({ progress: this.#current() });
  }
}
