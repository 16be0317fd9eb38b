/** What a recording may cost to decode. What is beyond it is refused with the limit in numbers. */
import { AppError } from '../../../errors.ts';

/** Samples a second that a track may have: from the telephone's half to what studio equipment records. */
const MIN_SAMPLE_RATE = 4000;
const MAX_SAMPLE_RATE = 192_000;

/** Channels of one track at most: what common layouts have (7.1). */
const MAX_CHANNELS = 8;

/** Audio tracks of one file at most. All of them are decoded. */
export const MAX_TRACKS = 8;

/**
 * Samples of all channels and tracks that one recording may hold: 25 hours of stereo at 48 kHz. They are counted from the start of
 * the recording in every task, so that no number of tasks decodes more. The slowest decoder takes about ten minutes for them.
 */
const MAX_DECODED_SAMPLES = 25 * 3600 * 2 * 48_000;

/** Samples that are decoded in the time in which a part of a file is opened, some milliseconds. */
const SAMPLES_OF_OPENING = 40_000;

/** Counts the samples of one recording. */
export class Workload {
  #samples = 0;

  /** @throws AppError `recording_corrupt` beyond {@link MAX_DECODED_SAMPLES} */
  add(samples: number): void {
    this.#samples += samples;
    if (this.#samples <= MAX_DECODED_SAMPLES) return;
    throw new AppError('recording_corrupt', {
      message: `The recording holds more than ${MAX_DECODED_SAMPLES} samples over all channels and tracks, or too many parts.`,
    });
  }

  /** A part of the file is opened: a link of a few bytes costs more than its samples do. @throws AppError as {@link add} */
  open(): void {
    this.add(SAMPLES_OF_OPENING);
  }
}

/** Memory of the decoder for a file: its own, and an index of up to 32 bytes for each byte that the file spends on it. */
export function memoryLimit(fileBytes: number): number {
  return Math.min(64 * 1024 * 1024 + 32 * fileBytes, 512 * 1024 * 1024);
}

/** How long the decoder may give nothing, milliseconds. It reads from memory, so it is busy all that time. */
export const MAX_STALL_MS = 60_000;

/** The sentence that refuses a track; null where it is plausible, or says nothing yet. */
export function implausible({
  sampleRate,
  channels,
}: {
  readonly sampleRate: number;
  readonly channels: number;
}): string | null {
  const isPlausible =
    (sampleRate === 0 || (sampleRate >= MIN_SAMPLE_RATE && sampleRate <= MAX_SAMPLE_RATE)) && channels <= MAX_CHANNELS;
  if (isPlausible) return null;
  return `The recording claims ${channels} channels at ${sampleRate} Hz; at most ${MAX_CHANNELS} channels at ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE} Hz are decoded.`;
}

/** The sentence that refuses a file of too many tracks. */
export function tooManyTracks(tracks: number): string {
  return `The recording has ${tracks} audio tracks; at most ${MAX_TRACKS} are decoded.`;
}
