/** Worker threads that recognise speech: one piece each, none of it on the main thread. */
import { extname } from 'node:path';
import { WorkerPool } from '../../threads/workerPool.ts';
import type { LocalModel } from './models.ts';
import type { Piece } from './pieces.ts';
import type { PieceMessage } from './recogniseWorker.ts';
import type { RecognisedWord } from './recogniser.ts';

export interface PieceRequest {
  readonly model: LocalModel;
  /** The speech that the piece is cut from: 16 kHz, mono. */
  readonly pcm: Float32Array;
  readonly piece: Piece;
}

export interface PieceRecogniser {
  /** Words with times from the start of the piece. @throws the signal's reason; what goes wrong in a thread. */
  recognise(request: PieceRequest, signal: AbortSignal): Promise<RecognisedWord[]>;
}

/** Built, it lies beside this file as JavaScript. */
const WORKER = new URL(`./recogniseWorker${extname(import.meta.url)}`, import.meta.url);

export class RecogniserPool implements PieceRecogniser {
  readonly #pool: WorkerPool<PieceRequest, RecognisedWord[]>;

  /** @param options.size threads at most; one for each processor by default. */
  constructor(options: { readonly size?: number; readonly worker?: URL } = {}) {
    this.#pool = new WorkerPool({ worker: WORKER, ...options, work: 'recognising', pack });
  }

  recognise(request: PieceRequest, signal: AbortSignal): Promise<RecognisedWord[]> {
    return this.#pool.run(request, signal);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** The piece is copied when a thread takes it, so that the pieces that wait need no memory. */
function pack({ model, pcm, piece }: PieceRequest) {
  const message: PieceMessage = { model, pcm: Float32Array.from(pcm.subarray(piece.start, piece.end)) };
  return { message, transfer: [message.pcm.buffer] };
}
