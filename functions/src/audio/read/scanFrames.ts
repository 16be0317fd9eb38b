/** The check of a recording when it is uploaded: does it contain audio, and how much does it claim? It decodes nothing. */
import { LIMITS } from 'offline-audio-sync-contract';
import { AppError } from '../../errors.ts';
import type { FramedFormat, RecordingFormat } from './format.ts';
import { FrameReader } from './frames.ts';
import type { FrameEvent } from './frameEvents.ts';
import { FrameTimes } from './frameTimes.ts';
import type { TimedFrame } from './frameTimes.ts';
import { recogniseFormat } from './recognise.ts';

export interface RecordingScan {
  /**
   * The duration that the frames claim, lost frames included, seconds. Null for ordinary files, whose length only a decoder
   * finds.
   */
  readonly durationSeconds: number | null;
  /** Frames that can be read, empty frames included. Their headers are checked; they are not decoded. */
  readonly frames: number;
  /** Frames lost to corruption. The number is an estimate if lengths were lost. */
  readonly corruptFrames: number;
  /** Bytes of a torn last frame. */
  readonly tornBytes: number;
}

/** Bytes that are read at a time: the reader copies what it gets. */
const SLICE_BYTES = 256 * 1024;

/**
 * Checks a whole recording in one linear pass.
 *
 * @throws AppError `empty_recording` (no bytes); `recording_corrupt` (no usable frame, or no kind of file that can be decoded);
 * `recording_too_long` as soon as the frames claim more than LIMITS.maxRecordingSeconds, because a few megabytes of one-byte
 * Opus packets can claim weeks
 */
export function checkRecording(bytes: Uint8Array, format: RecordingFormat): RecordingScan {
  if (bytes.length === 0) throw new AppError('empty_recording');
  if (format.kind === 'framed') return scanFrames(bytes, format);
  recogniseFormat(bytes, format);
  return { durationSeconds: null, frames: 0, corruptFrames: 0, tornBytes: 0 };
}

function scanFrames(bytes: Uint8Array, format: FramedFormat): RecordingScan {
  const reader = new FrameReader(format);
  const times = new FrameTimes(format);
  const maxSamples = LIMITS.maxRecordingSeconds * times.rate;
  const scan = { samples: 0, frames: 0, corruptFrames: 0, tornBytes: 0 };
  const add = (frames: Iterable<TimedFrame>): void => {
    for (const { kind, samples } of frames) {
      scan.samples += samples;
      if (kind === 'lost') scan.corruptFrames += 1;
      else scan.frames += 1;
      if (scan.samples > maxSamples) throw new AppError('recording_too_long');
    }
  };
  for (const event of read(reader, bytes)) {
    if (event.kind === 'torn') scan.tornBytes = event.bytes;
    add(times.push(event));
  }
  add(times.end());
  const { samples, frames, corruptFrames, tornBytes } = scan;
  if (frames === 0) throw new AppError('recording_corrupt', { message: 'Not one usable frame is in the recording.' });
  return { durationSeconds: samples / times.rate, frames, corruptFrames, tornBytes };
}

function* read(reader: FrameReader, bytes: Uint8Array): Generator<FrameEvent, void, undefined> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield* reader.push(bytes.subarray(at, at + SLICE_BYTES));
  yield* reader.end();
}
