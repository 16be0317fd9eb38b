/** The requests since the last reset. */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log, LogEntry, ReadEntry } from './protocol.ts';

export type OpenEntry = { -readonly [Field in keyof LogEntry]: LogEntry[Field] };

export class RequestLog {
  #entries: OpenEntry[] = [];
  #reads: ReadEntry[] = [];
  #maxConcurrent = 0;
  #working = 0;

  /** Counts a request as open while `work` runs. */
  async during(work: () => Promise<void>): Promise<void> {
    this.#working += 1;
    await work().finally(() => (this.#working -= 1));
  }

  /** Starts an entry, which closes itself when the response is sent or breaks off. */
  open(request: IncomingMessage, response: ServerResponse, url: URL, body: Buffer, startedAt: Date): OpenEntry {
    const entry: OpenEntry = {
      requestId: randomUUID(),
      nth: this.#entries.length + 1,
      startedAt: startedAt.toISOString(),
      finishedAt: null,
      query: Object.fromEntries([...url.searchParams.keys()].map((name) => [name, url.searchParams.getAll(name)])),
      contentType: request.headers['content-type'] ?? null,
      bytes: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
      audioSeconds: 0,
      billedSeconds: 0,
      status: null,
      outcome: 'open',
      words: 0,
      problem: null,
    };
    this.#entries.push(entry);
    this.#maxConcurrent = Math.max(
      this.#maxConcurrent,
      this.#entries.filter(({ outcome }) => outcome === 'open').length,
    );
    const finish = (outcome: LogEntry['outcome']): void => {
      if (entry.outcome !== 'open') return;
      entry.outcome = outcome;
      entry.finishedAt = new Date().toISOString();
    };
    // If all went well, "finish" comes first, before the client can ask for the log.
    response.on('finish', () => {
      finish('answered');
    });
    response.on('close', () => {
      finish('broken');
    });
    return entry;
  }

  addRead(entry: ReadEntry): void {
    this.#reads.push(entry);
  }

  snapshot(): Log {
    return { requests: this.#entries, reads: this.#reads, maxConcurrent: this.#maxConcurrent, working: this.#working };
  }

  reset(): void {
    this.#entries = [];
    this.#reads = [];
    this.#maxConcurrent = 0;
  }
}
