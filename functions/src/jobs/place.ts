/** Places of recordings on the time axis, and the words in them. */
import type { TimedWord } from 'offline-audio-sync-contract';

/** A recording, by content, and where it lies on its device's time axis. */
export interface PlacedRecording {
  readonly recordingId: string;
  /** Capture start, Unix milliseconds. */
  readonly startedAtMs: number;
}

/** Equal for equal places. */
export function placeKey({ recordingId, startedAtMs }: PlacedRecording): string {
  return `${recordingId}@${startedAtMs}`;
}

/** A word and the recording that it begins in. */
export interface RecordedWord extends TimedWord {
  readonly recording: PlacedRecording;
}
