import type { Recording } from 'offline-audio-sync-client';
import { kept } from './kept.ts';

/** A recording on this device. */
export interface LocalRecording extends Recording {
  /** Bytes that were sent; null unless the recording is being uploaded in pieces. */
  readonly sentBytes: number | null;
}

/** The newest recordings on this device. */
export const keptRecordings = kept<readonly LocalRecording[]>('newest-recordings');
