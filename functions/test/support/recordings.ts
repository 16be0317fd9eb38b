/** Small valid recordings. */

/** A capture time in the past for every test, Unix seconds: 2025-10-09T08:53:20Z. */
export const CAPTURED_AT = 1_760_000_000;

export interface PcmOptions {
  /** Frames of 10 ms. */
  readonly frames?: number;
  /** The value of every sample: other values are other recordings. */
  readonly value?: number;
}

/** pcm16, 16 kHz, mono, 160 samples a frame. */
export function pcmRecording({ frames = 100, value = 0 }: PcmOptions = {}): Buffer {
  const frame = Buffer.alloc(4 + 320);
  frame.writeUInt32LE(320, 0);
  for (let at = 4; at < frame.length; at += 2) frame.writeInt16LE(value, at);
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}

/** @param startedAt Unix seconds or milliseconds. */
export function pcmName(startedAt: number = CAPTURED_AT, device = 'omi'): string {
  return `audio_${device}_pcm16_16000_1_fs160_${String(startedAt)}.bin`;
}
