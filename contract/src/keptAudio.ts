/** Audio that is kept to be played (KEEP_AUDIO_DAYS). `Time`: see job.ts. */
import type { PageSegment, SegmentSource } from './conversation.ts';
import type { Instant } from './time.ts';

/** A stretch of a recording that is in the audio without a cut. Milliseconds. */
export interface KeptSpan {
  readonly recordingId: string;
  /** From the start of the recording. */
  readonly fromMs: number;
  /** From the start of the audio. */
  readonly audioMs: number;
  readonly durationMs: number;
}

/**
 * The speech of one chunk, as it was sent to be transcribed: the original Opus packets in Ogg, or FLAC. Silence is left out. A page of
 * segments names its chunk, so no query is needed. `users/{uid}/audio/{chunkId}`
 */
export interface KeptAudioDoc<Time = Instant> {
  /** The object in the default bucket of Cloud Storage, which its owner may read. */
  readonly path: string;
  readonly contentType: 'audio/ogg' | 'audio/flac';
  readonly bytes: number;
  readonly durationMs: number;
  /** In the order of the audio. Times count from the start of a recording, so a correction of dates changes nothing here. */
  readonly spans: readonly KeptSpan[];
  readonly createdAt: Time;
  /** The document and the object are deleted then, or up to a day later. */
  readonly expiresAt: Time;
}

/**
 * Finds a moment of a segment in the kept audio of its chunk.
 * @param atMs Unix milliseconds: the start of the segment, or of a word in it.
 * @returns milliseconds from the start of the audio. If the moment was left out as silence, the place of the next moment that is kept;
 * null if the audio has nothing of the recording at or after it.
 */
export function audioOffset(
  { spans }: Pick<KeptAudioDoc, 'spans'>,
  segment: Pick<SegmentSource & PageSegment, 'recordingId' | 'recordingStartedAt'>,
  atMs: number,
): number | null {
  const inRecording = atMs - segment.recordingStartedAt.toMillis();
  let next: KeptSpan | null = null;
  for (const span of spans) {
    if (span.recordingId !== segment.recordingId || span.fromMs + span.durationMs <= inRecording) continue;
    if (next === null || span.fromMs < next.fromMs) next = span;
  }
  return next === null ? null : next.audioMs + Math.max(0, inRecording - next.fromMs);
}
