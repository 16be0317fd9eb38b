/** The seam between the pipeline and whoever turns speech into words. */

export interface TranscriptionRequest {
  readonly audio: Uint8Array;
  readonly contentType: 'audio/ogg' | 'audio/flac';
  /** Length of the audio, milliseconds: for logs and for a check of what is billed. */
  readonly durationMs: number;
  /** BCP-47 tag, or `multi` for code-switching speech. */
  readonly language: string;
  /** What is spoken mostly, where `language` is `multi` and that is known. */
  readonly languageHint?: string;
  /** The user's vocabulary. */
  readonly keyterms: readonly string[];
}

/** One word, in seconds from the start of the audio that was sent. */
export interface TranscribedWord {
  /** As a reader should see it: punctuated, capitalised. */
  readonly text: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** 0 to 1. */
  readonly confidence: number;
  /** Speaker number within this request; null where speakers were not told apart. */
  readonly speaker: number | null;
  readonly language: string | null;
}

export interface Transcription {
  /** The service's own id of the request. */
  readonly requestId: string;
  /** What the service says it billed. */
  readonly billedSeconds: number;
  readonly language: string | null;
  /** In order of time; empty when the service heard no words: a result, not an error. */
  readonly words: readonly TranscribedWord[];
}

export interface Transcriber {
  /**
   * @throws AppError `transcription_rejected` (never helps), `transcription_unavailable` or `transcription_rate_limited`
   * (later, with `retryAfterSeconds` where the service gave one), `transcription_not_configured` (operator).
   */
  transcribe(request: TranscriptionRequest, signal: AbortSignal): Promise<Transcription>;
}
