/** The messages between the sandbox and the thread that started it. */
import type { Batch } from './batch.ts';
import type { DecodeOptions } from './decoding.ts';
import type { CompiledBuilds } from './libav.ts';

/** What is decoded, and how. */
export interface DecodingTask extends Omit<DecodeOptions, 'notes'> {
  readonly path: string;
  /** The builds compiled for earlier recordings; those compiled for this one are added. */
  readonly compiled: CompiledBuilds;
}

/** The data with which the thread starts. */
export interface SandboxTask extends DecodingTask {
  readonly memoryBytes: number;
}

/** Asks for the next batch. */
export const NEXT = 'next';

export type SandboxMessage =
  | ({ readonly kind: 'batch' } & Batch)
  /** The recording has ended. `notes`: sentences about what could not be read. */
  | { readonly kind: 'end'; readonly notes: readonly string[]; readonly compiled: CompiledBuilds }
  /** The recording is refused, for the reason in the message. */
  | { readonly kind: 'refused'; readonly message: string }
  /** The sandbox has no decoder for it. */
  | { readonly kind: 'unsupported' }
  /** No audio was found in it. */
  | { readonly kind: 'corrupt'; readonly reason: string };
