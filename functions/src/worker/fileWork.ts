/** How far the work on each recording of one attempt is. Pure bookkeeping: what is durable is the recorder's. */
import type { ReadResult } from '../completion/outcome.ts';

interface Progress {
  /** Null until it was read to its end. */
  read: ReadResult | null;
  /** Whether no further chunk will have a part of it. */
  isPlanned: boolean;
  /** Chunks with a part of it whose result is not stored. */
  readonly openChunks: Set<string>;
}

export class FileWork {
  readonly #files = new Map<string, Progress>();
  /** Recordings whose final state is stored. */
  readonly #final = new Set<string>();

  noteRead(name: string, read: ReadResult): void {
    this.#of(name).read = read;
  }

  noteChunk(chunkId: string, names: Iterable<string>): void {
    for (const name of names) this.#of(name).openChunks.add(chunkId);
  }

  notePlanned(name: string): void {
    this.#of(name).isPlanned = true;
  }

  noteResult(chunkId: string): void {
    for (const { openChunks } of this.#files.values()) openChunks.delete(chunkId);
  }

  noteFinal(names: Iterable<string>): void {
    for (const name of names) {
      this.#final.add(name);
      this.#files.delete(name);
    }
  }

  /** What reading a recording has shown. @throws Error if it was not read to its end. */
  readOf(name: string): ReadResult {
    const read = this.#files.get(name)?.read ?? null;
    if (read === null) throw new Error('A recording cannot be final before it was read.');
    return read;
  }

  /** Names of the recordings that are done, once the result of this chunk is stored, and whose final state is not stored. */
  done(chunkId: string | null = null): string[] {
    return [...this.#files].flatMap(([name, { read, isPlanned, openChunks }]) => {
      const waits = openChunks.size - (chunkId !== null && openChunks.has(chunkId) ? 1 : 0);
      return read !== null && isPlanned && waits === 0 ? name : [];
    });
  }

  #of(name: string): Progress {
    const known = this.#files.get(name);
    if (known !== undefined) return known;
    const fresh: Progress = { read: null, isPlanned: false, openChunks: new Set() };
    if (!this.#final.has(name)) this.#files.set(name, fresh);
    return fresh;
  }
}
