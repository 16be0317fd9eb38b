import type { Recording } from 'offline-audio-sync-client';
import { kept } from './kept.ts';

/** A recording on this device. */
export interface LocalRecording extends Recording {
  /** Bytes of it that were sent; known while it is uploaded piece by piece. */
  readonly sentBytes: number | null;
}

/** The newest of them. */
export const keptRecordings = kept<readonly LocalRecording[]>('newest-recordings');
