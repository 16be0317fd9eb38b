/** What goes between the sandbox and the thread that started it. */
import type { Demuxer } from './formats.ts';

/** The worker's data. */
export interface SandboxTask {
  readonly path: string;
  readonly demuxer: Demuxer;
  readonly maxSeconds: number;
  readonly memoryBytes: number;
}

/** Asks for the next batch. */
export const NEXT = 'next';

/** A run of samples of one kind. */
export interface Run {
  readonly kind: 'audio' | 'silence' | 'lost';
  readonly samples: number;
}

export type SandboxMessage =
  /** `pcm` holds the samples of the runs of audio, one after the other: signed 16-bit little-endian at 16 kHz. */
  | { readonly kind: 'batch'; readonly runs: readonly Run[]; readonly pcm: Uint8Array<ArrayBuffer> }
  /** All of it was given. `notes`: sentences about what could not be read. */
  | { readonly kind: 'end'; readonly notes: readonly string[] }
  /** The recording is refused, for the reason in the message. */
  | { readonly kind: 'refused'; readonly message: string }
  /** No decoder here knows its codec. */
  | { readonly kind: 'unsupported'; readonly tracks: number }
  /** No audio could be found in it. */
  | { readonly kind: 'corrupt'; readonly reason: string };
