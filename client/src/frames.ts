/** Recordings from a device that delivers frames: what to write into them, and what to call them. */
import { SyncError } from './errors.ts';

export interface FrameFormat {
  /** ASCII letters and digits. */
  readonly device: string;
  readonly codec: 'opus' | 'opus_fs320' | 'pcm16' | 'pcm8';
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** Samples a frame. */
  readonly frameSize: number;
}

/** A longer frame is corruption to the server. */
const MAX_FRAME_BYTES = 65_536;

/**
 * Frames as a recording holds them: uint32 little-endian length, then that many bytes, each an Opus packet or a PCM frame. An
 * empty frame is time in which nothing was said, as long as the frames around it.
 * @throws SyncError `bad_frame`
 */
export function frameBytes(frames: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> {
  const all = [...frames];
  const bytes = new Uint8Array(all.reduce((total, { length }) => total + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [index, frame] of all.entries()) {
    if (frame.length > MAX_FRAME_BYTES) {
      throw new SyncError(
        'bad_frame',
        `Frame ${index} has ${frame.length} bytes; 0 to ${MAX_FRAME_BYTES} are possible.`,
      );
    }
    view.setUint32(at, frame.length, true);
    bytes.set(frame, at + 4);
    at += 4 + frame.length;
  }
  return bytes;
}

/** `audio_{device}_{codec}_{sampleRate}_{channels}_fs{frameSize}_{timestamp}.bin` @param startedAt of the first sample. */
export function recordingName(
  { device, codec, sampleRate, channels, frameSize }: FrameFormat,
  startedAt: Date,
): string {
  if (!/^[a-z0-9]+$/i.test(device)) {
    throw new SyncError('bad_name', `The device "${device}" is not made of ASCII letters and digits alone.`);
  }
  return `audio_${device}_${codec}_${sampleRate}_${channels}_fs${frameSize}_${startedAt.getTime()}.bin`;
}
