/** A quick look at a recording's bytes when it is uploaded: is there audio in it, and how much does it claim? Decodes nothing. */
import { LIMITS } from '../../config.ts';
import { AppError } from '../../errors.ts';
import type { FileExtension, FramedFormat, RecordingFormat } from './format.ts';
import { FrameReader } from './frames.ts';
import type { FrameEvent } from './frames.ts';
import { FrameTimes } from './frameTimes.ts';
import type { TimedFrame } from './frameTimes.ts';

export interface RecordingScan {
  /** Audio the frames claim, lost ones included, seconds; null for ordinary files, whose length only a decoder knows. */
  readonly durationSeconds: number | null;
  /** Frames that can be read, as far as their outside tells; empty ones among them. */
  readonly frames: number;
  /** Frames lost to corruption (estimated where lengths were lost). */
  readonly corruptFrames: number;
  /** Bytes of a torn last frame. */
  readonly tornBytes: number;
}

/** Bytes looked at in one go: the reader copies what it is given. */
const SLICE_BYTES = 256 * 1024;

/**
 * Checks a whole recording in one linear pass.
 *
 * @throws AppError `empty_recording` (no bytes), `recording_corrupt` (not one usable frame, or not the kind of file its
 * extension says), `recording_too_long` as soon as the frames claim more than LIMITS.maxRecordingSeconds: a few megabytes of
 * one-byte Opus packets can claim weeks.
 */
export function scanRecording(bytes: Uint8Array, format: RecordingFormat): RecordingScan {
  if (bytes.length === 0) throw new AppError('empty_recording');
  if (format.kind === 'framed') return scanFrames(bytes, format);
  if (!SIGNATURES[format.extension](bytes)) {
    throw new AppError('recording_corrupt', { message: `The bytes are not those of a .${format.extension} file.` });
  }
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
    add(times.take(event));
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

/** Whether the bytes start like a file of that kind. */
const SIGNATURES: Record<FileExtension, (bytes: Uint8Array) => boolean> = {
  wav: (bytes) => (startsWith(bytes, 'RIFF') || startsWith(bytes, 'RF64')) && startsWith(bytes, 'WAVE', 8),
  m4a: (bytes) => startsWith(bytes, 'ftyp', 4),
  mp3: (bytes) => startsWith(bytes, 'ID3') || isMp3Sync(bytes),
  ogg: (bytes) => startsWith(bytes, 'OggS'),
  webm: (bytes) => startsWith(bytes, '\x1a\x45\xdf\xa3'), // EBML
  flac: (bytes) => startsWith(bytes, 'fLaC') || startsWith(bytes, 'ID3'),
};

function startsWith(bytes: Uint8Array, latin1: string, at = 0): boolean {
  return Buffer.from(bytes.subarray(at, at + latin1.length)).equals(Buffer.from(latin1, 'latin1'));
}

/** An MPEG audio frame header: eleven set bits, a layer, and neither a forbidden bit rate nor sampling rate. */
function isMp3Sync(bytes: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0] = bytes;
  const layer = (second >> 1) & 0b11;
  const bitRate = third >> 4;
  const sampleRate = (third >> 2) & 0b11;
  return first === 0xff && second >> 5 === 0b111 && layer !== 0 && bitRate !== 0b1111 && sampleRate !== 0b11;
}
