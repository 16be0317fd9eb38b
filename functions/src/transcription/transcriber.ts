/** The seam between the pipeline and what turns speech into words: a service, or a model in the function itself. */

/** The speech of one chunk, in the form that a transcriber asks for. Each is made when it is first asked for. */
export interface SpeechAudio {
  /** 2 where two channels with two voices are to be heard apart, as in a call. */
  readonly channels: 1 | 2;
  /** For services: the original Opus packets in Ogg, or FLAC, with so many channels. */
  encoded(): Promise<EncodedAudio>;
  /** For models: 16 kHz, mono, -1 to 1. */
  pcm(): Promise<Float32Array>;
  /** Positions at which detection left out silence, samples at 16 kHz, in order: no word goes on over them. */
  readonly pauses: readonly number[];
}

export interface EncodedAudio {
  readonly bytes: Uint8Array;
  readonly contentType: 'audio/ogg' | 'audio/flac';
}

export interface TranscriptionRequest {
  readonly audio: SpeechAudio;
  /** Length of the audio, milliseconds, however many channels it has: for logs and for a check of what is billed. */
  readonly durationMs: number;
  /** BCP-47 tag, or `multi` for code-switching speech. */
  readonly language: string;
  /** What is spoken mostly, where `language` is `multi` and that is known. */
  readonly languageHint?: string;
  /** What the user says they mostly speak, a BCP-47 tag; null where they say nothing. */
  readonly preferredLanguage: string | null;
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
  /** Speaker number within this request, that of the channel where there are two; null where speakers were not told apart. */
  readonly speaker: number | null;
  readonly language: string | null;
}

export interface Transcription {
  /** The service's own id of the request; any unique id where there is no service. */
  readonly requestId: string;
  /** What transcribed it, service or model: `deepgram/nova-3`, `moonshine-tiny-en`. It is stored with the words and shown. */
  readonly transcriber: string;
  /** What the service says it billed; 0 where nothing is billed. */
  readonly billedSeconds: number;
  readonly language: string | null;
  /** In order of time; empty when no words were heard: a result, not an error. */
  readonly words: readonly TranscribedWord[];
}

export interface Transcriber {
  /**
   * @throws AppError `transcription_rejected` (never helps), `transcription_unavailable` or `transcription_rate_limited`
   * (later, with `retryAfterSeconds` where the service gave one), `transcription_not_configured` or
   * `language_not_supported_locally` (operator).
   */
  transcribe(request: TranscriptionRequest, signal: AbortSignal): Promise<Transcription>;
}
