/** Describes compressed sound in a WAV file whose frames or blocks have headers, so that they are found behind damage. */
import { LAYER_FRAMES } from '../mpegFrames.ts';
import type { FrameFormat } from '../mpegFrames.ts';
import { chunksOfWav, isChunkAt } from './chunkClaims.ts';
import type { FileView } from './fileView.ts';

/** The bytes of a description up to the size of a block. */
const DESCRIPTION_BYTES = 14;

export interface WavSound {
  readonly codec: number;
  readonly channels: number;
  readonly sampleRate: number;
  readonly blockBytes: number;
  /** Where its data begins. */
  readonly start: number;
  /** The size of the data that the file claims. */
  readonly bytes: number;
  /** The first bytes of the data. */
  readonly head: Buffer;
  /** The file up to the end of the data. */
  readonly view: FileView;
}

/** How frames are found in a WAV file. */
export interface WavFrames extends FrameFormat {
  readonly view: FileView;
}

/** Null if the file does not describe its sound, or has none. */
export function soundOfWav(file: FileView): WavSound | null {
  const chunks = [...chunksOfWav(file)];
  const format = chunks.find(({ name }) => name === 'fmt ')?.content;
  const data = chunks.find(({ name }) => name === 'data');
  if (format === undefined || data === undefined || format.length < DESCRIPTION_BYTES) return null;
  // If no other chunk follows, bytes were added, and the data continues.
  const behind = data.start + data.size;
  const size = isChunkAt(file, behind) ? behind : file.size;
  return {
    codec: format.readUInt16LE(0),
    channels: format.readUInt16LE(2),
    sampleRate: format.readUInt32LE(4),
    blockBytes: format.readUInt16LE(12),
    start: data.start,
    bytes: data.size,
    head: data.content,
    view: { fd: file.fd, ranges: [{ start: 0, size }], size },
  };
}

/** The numbers of MPEG audio: layers I and II, and layer III. */
const MPEG_CODECS: readonly number[] = [0x50, 0x55];

export function isMpegSound({ codec }: WavSound): boolean {
  return MPEG_CODECS.includes(codec);
}

/** The frames of MPEG audio in a WAV file; null if it contains something else. */
export function mpegInWav(file: FileView): WavFrames | null {
  const sound = soundOfWav(file);
  if (sound === null || !isMpegSound(sound)) return null;
  return { ...LAYER_FRAMES, magicBytes: sound.start, bytes: sound.bytes, view: sound.view };
}
