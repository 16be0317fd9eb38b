/** The progress of sending this device's recordings. */
import type { RecordingState } from 'offline-audio-sync-client';
import { counted, grouped } from './counted.ts';
import { isToSend } from './recordingText.ts';
import { bytes, duration } from './time.ts';

export interface ToSend {
  readonly id: string;
  readonly size: number;
  readonly state: RecordingState;
  readonly sentBytes: number | null;
}

export interface Sending {
  readonly count: number;
  readonly total: number;
  readonly sentBytes: number;
  readonly totalBytes: number;
  /** Null while it cannot be estimated. */
  readonly secondsLeft: number | null;
}

/** The speed is measured over this time, milliseconds. */
const WINDOW_MS = 30_000;
/** No estimate is made from less than this time, milliseconds. */
const SHORTEST_MS = 3000;

/**
 * Measures the progress of a batch: it begins with the first recording to send and ends when none is left. Recordings that are added
 * meanwhile belong to it.
 */
export class SendingProgress {
  readonly #batch = new Map<string, number>();
  #samples: { readonly at: number; readonly bytes: number }[] = [];

  /** @returns null if there is nothing to send. @param now time of a monotonic clock, milliseconds */
  update(recordings: readonly ToSend[], now: number): Sending | null {
    const open = new Map(recordings.filter(isToSend).map((recording) => [recording.id, recording]));
    if (open.size === 0) {
      this.#batch.clear();
      this.#samples = [];
      return null;
    }
    for (const { id, size } of open.values()) this.#batch.set(id, size);
    let [sentBytes, totalBytes] = [0, 0];
    for (const [id, size] of this.#batch) {
      const left = open.get(id);
      sentBytes += left === undefined ? size : Math.min(left.sentBytes ?? 0, size);
      totalBytes += size;
    }
    const pace = this.#pace(sentBytes, now);
    return {
      count: this.#batch.size - open.size,
      total: this.#batch.size,
      ...{ sentBytes, totalBytes },
      secondsLeft: pace > 0 ? (totalBytes - sentBytes) / pace : null,
    };
  }

  /** Bytes a second; 0 while the speed is not known. */
  #pace(sentBytes: number, now: number): number {
    this.#samples = [...this.#samples.filter(({ at }) => now - at <= WINDOW_MS), { at: now, bytes: sentBytes }];
    const [first] = this.#samples;
    if (first === undefined || now - first.at < SHORTEST_MS) return 0;
    return ((sentBytes - first.bytes) / (now - first.at)) * 1000;
  }
}

/** "12 of 40 recordings sent, 3.2 MB of 10.0 MB, about 2 min left". */
export function sendingText({ count, total, sentBytes, totalBytes, secondsLeft }: Sending): string {
  const sent = `${grouped(count)} of ${counted(total, 'recording')} sent, ${bytes(sentBytes)} of ${bytes(totalBytes)}`;
  if (secondsLeft === null) return sent;
  // Longer estimates are rounded to minutes.
  const rounded = secondsLeft < 90 ? Math.ceil(secondsLeft) : Math.round(secondsLeft / 60) * 60;
  return `${sent}, about ${duration(rounded)} left`;
}
