/** The bytes and the names of recordings of a device that delivers frames. */
import { DEVICE_ID, formatRecordingName, FRAMING } from 'offline-audio-sync-contract';
import type { FrameParameters } from 'offline-audio-sync-contract';
import { SyncError } from './errors.ts';

/** A device and the format of its frames. */
export interface FrameFormat extends FrameParameters {
  /** ASCII letters and digits. */
  readonly device: string;
}

const { lengthBytes, maxFrameBytes } = FRAMING;

/**
 * Frames as a recording holds them: uint32 little-endian length, then that many bytes, each an Opus packet or a PCM frame. An empty
 * frame is time without sound, as long as the frames around it.
 * @throws SyncError `bad_frame`
 */
export function frameBytes(frames: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> {
  const all = [...frames];
  const bytes = new Uint8Array(all.reduce((total, { length }) => total + lengthBytes + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [index, frame] of all.entries()) {
    if (frame.length > maxFrameBytes) {
      throw new SyncError('bad_frame', `Frame ${index} has ${frame.length} bytes; 0 to ${maxFrameBytes} are possible.`);
    }
    view.setUint32(at, frame.length, true);
    bytes.set(frame, at + lengthBytes);
    at += lengthBytes + frame.length;
  }
  return bytes;
}

/** The name of a recording of such frames. @param startedAt of the first sample. @throws SyncError `bad_name` */
export function recordingName(format: FrameFormat, startedAt: Date): string {
  const { device } = format;
  if (!DEVICE_ID.test(device)) {
    throw new SyncError('bad_name', `The device "${device}" is not made of 1 to 64 ASCII letters and digits.`);
  }
  return formatRecordingName(device, format, startedAt);
}
