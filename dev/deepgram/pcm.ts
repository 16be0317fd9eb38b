export interface Pcm {
  /** Samples a second. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Interleaved, 16 bits. */
  readonly samples: Int16Array;
}

/** The audio cannot be read. The message is for the log. */
export class AudioError extends Error {
  override readonly name = 'AudioError';
}
