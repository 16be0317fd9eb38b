/** What goes between the sandbox and the thread that started it. */
import type { Batch } from './batch.ts';
import type { DecodeOptions } from './decoding.ts';
import type { CompiledBuilds } from './libav.ts';

/** The worker's data. */
export interface SandboxTask extends Omit<DecodeOptions, 'notes'> {
  readonly path: string;
  readonly memoryBytes: number;
  readonly compiled: CompiledBuilds;
}

/** Asks for the next batch. */
export const NEXT = 'next';

export type SandboxMessage =
  | ({ readonly kind: 'batch' } & Batch)
  /** All of it was given. `notes`: sentences about what could not be read. */
  | { readonly kind: 'end'; readonly notes: readonly string[]; readonly compiled: CompiledBuilds }
  /** The recording is refused, for the reason in the message. */
  | { readonly kind: 'refused'; readonly message: string }
  /** No decoder here knows its codec. */
  | { readonly kind: 'unsupported' }
  /** No audio could be found in it. */
  | { readonly kind: 'corrupt'; readonly reason: string };
