/** Worker threads that recognise speech: one batch each, none of it on the main thread. */
import { extname } from 'node:path';
import { WorkerPool } from '../../threads/workerPool.ts';
import type { LocalModel } from './models.ts';
import type { Piece } from './pieces.ts';
import type { BatchMessage } from './recogniseWorker.ts';
import type { RecognisedWord } from './recogniser.ts';

export interface BatchRequest {
  readonly model: LocalModel;
  /** The speech that the pieces are cut from: 16 kHz, mono. */
  readonly pcm: Float32Array;
  readonly pieces: readonly Piece[];
}

export interface BatchRecogniser {
  /** Batches that are worked on at the same time. */
  readonly size: number;
  /** For each piece its words, with times from its start. @throws the signal's reason; what goes wrong in a thread. */
  recognise(request: BatchRequest, signal: AbortSignal): Promise<RecognisedWord[][]>;
}

/** Built, it lies beside this file as JavaScript. */
const WORKER = new URL(`./recogniseWorker${extname(import.meta.url)}`, import.meta.url);

export class RecogniserPool implements BatchRecogniser {
  readonly #pool: WorkerPool<BatchRequest, RecognisedWord[][]>;

  /** @param options.size threads at most; one for each processor by default. */
  constructor(options: { readonly size?: number; readonly worker?: URL } = {}) {
    this.#pool = new WorkerPool({ worker: WORKER, ...options, work: 'recognising', pack });
  }

  get size(): number {
    return this.#pool.size;
  }

  recognise(request: BatchRequest, signal: AbortSignal): Promise<RecognisedWord[][]> {
    return this.#pool.run(request, signal);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** The pieces are copied when a thread takes them, so that those that wait need no memory. */
function pack({ model, pcm, pieces }: BatchRequest) {
  const message: BatchMessage = {
    model,
    pieces: pieces.map(({ start, end }) => Float32Array.from(pcm.subarray(start, end))),
  };
  return { message, transfer: message.pieces.map(({ buffer }) => buffer) };
}
