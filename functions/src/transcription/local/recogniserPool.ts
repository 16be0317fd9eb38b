/** Worker threads that recognise speech, one batch at a time each. */
import { extname } from 'node:path';
import { WorkerPool } from '../../threads/workerPool.ts';
import type { LocalModel } from './models.ts';
import type { Piece } from './pieces.ts';
import type { BatchMessage } from './recogniseWorker.ts';
import type { RecognisedWord } from './recogniser.ts';

export interface BatchRequest {
  readonly model: LocalModel;
  /** The whole speech of the pieces: 16 kHz, mono. */
  readonly pcm: Float32Array;
  readonly pieces: readonly Piece[];
}

export interface BatchRecogniser {
  /** Batches that are recognised at the same time. */
  readonly size: number;
  /** Recognises the words of each piece, with times from its start. @throws the signal's reason; the error of a thread. */
  recognise(request: BatchRequest, signal: AbortSignal): Promise<RecognisedWord[][]>;
}

/** In the build, it is a JavaScript file beside this one. */
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

/** Copies the pieces when a thread takes them, so that waiting requests need no memory. */
function pack({ model, pcm, pieces }: BatchRequest) {
  const message: BatchMessage = {
    model,
    pieces: pieces.map(({ start, end }) => Float32Array.from(pcm.subarray(start, end))),
  };
  return { message, transfer: message.pieces.map(({ buffer }) => buffer) };
}
