/** The interface of transcribers: services, or a model in the function itself. */

/** The speech of one chunk, in several forms. Each form is made when a transcriber first asks for it. */
export interface SpeechAudio {
  /** 2 if two channels with two voices are transcribed apart, as in a call. */
  readonly channels: 1 | 2;
  /** For services: the original Opus packets in Ogg, or FLAC, with this number of channels. */
  encoded(): Promise<EncodedAudio>;
  /** For models: 16 kHz, mono, -1 to 1. */
  pcm(): Promise<Float32Array>;
  /** Positions at which detection left out silence, samples at 16 kHz, in order. No word crosses them. */
  readonly pauses: readonly number[];
}

export interface EncodedAudio {
  readonly bytes: Uint8Array;
  readonly contentType: 'audio/ogg' | 'audio/flac';
}

export interface TranscriptionRequest {
  readonly audio: SpeechAudio;
  /** Length of the audio, milliseconds, independent of its channels. For logs, and to check the billed time. */
  readonly durationMs: number;
  /** BCP-47 tag, or `multi` for code-switching speech. */
  readonly language: string;
  /** The language that is mostly spoken, if `language` is `multi` and it is known. */
  readonly languageHint?: string;
  /** The user's preferred language, a BCP-47 tag; null if there is none. */
  readonly preferredLanguage: string | null;
  /** The user's vocabulary. */
  readonly keyterms: readonly string[];
}

/** One word, in seconds from the start of the audio that was sent. */
export interface TranscribedWord {
  /** The text for readers, with punctuation and capitals. */
  readonly text: string;
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** 0 to 1. */
  readonly confidence: number;
  /** Speaker number within this request; with two channels, the number of the channel; null if speakers were not told apart. */
  readonly speaker: number | null;
  readonly language: string | null;
}

export interface Transcription {
  /** The service's id of the request; any unique id if there is no service. */
  readonly requestId: string;
  /** The service or model: `deepgram/nova-3`, `moonshine-tiny-en`. It is stored with the words and shown. */
  readonly transcriber: string;
  /** The time that the service says it billed; 0 if nothing is billed. */
  readonly billedSeconds: number;
  readonly language: string | null;
  /** In order of time. Empty if no words were recognised, which is a result and no error. */
  readonly words: readonly TranscribedWord[];
}

export interface Transcriber {
  /**
   * @throws AppError `transcription_rejected` (never helps), `transcription_unavailable` or `transcription_rate_limited` (later, with
   * `retryAfterSeconds` if the service gave one), `transcription_not_configured` or `language_not_supported_locally` (operator).
   */
  transcribe(request: TranscriptionRequest, signal: AbortSignal): Promise<Transcription>;
}
