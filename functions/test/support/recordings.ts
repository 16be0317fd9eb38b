/** Small valid recordings. */

/** A capture time in the past for every test, Unix seconds: 2025-10-09T08:53:20Z. */
export const CAPTURED_AT = 1_760_000_000;

export interface PcmOptions {
  /** Frames of 10 ms. */
  readonly frames?: number;
  /** The value of every sample, which makes the recording a different one. */
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

/** A WAV file whose header states audio, without any data. */
export function wavWithoutAudio(): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(16_000, 24);
  header.writeUInt32LE(32_000, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  return header;
}
