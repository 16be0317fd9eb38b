/** How far one attempt is with each recording. Bookkeeping in memory only; the recorder writes to Firestore. */
import type { ReadResult } from '../completion/outcome.ts';

interface Progress {
  /** Null until the recording was read to its end. */
  read: ReadResult | null;
  /** Whether no further chunk will have audio of the recording. */
  isPlanned: boolean;
  /** Chunks with audio of the recording whose result is not stored yet. */
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

  /** What reading the recording has shown. @throws Error if it was not read to its end. */
  readOf(name: string): ReadResult {
    const read = this.#files.get(name)?.read ?? null;
    if (read === null) throw new Error('A recording cannot be final before it was read.');
    return read;
  }

  /** Names of the recordings that are done but not stored as final. @param chunkId counts this chunk's result as stored. */
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
