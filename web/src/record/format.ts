/** The format of what this device records: Opus if the browser encodes it, otherwise PCM. */
import { recordingName, type FrameFormat } from 'offline-audio-sync-client';

/** Frames a second: each has 20 ms. */
export const FRAMES_PER_SECOND = 50;

/** Bits a second. Speech is clear at this rate, and an hour takes 14 MB. */
const OPUS_BITRATE = 32_000;

/** libopus's look-ahead: a decoder returns each sound this much later, milliseconds. */
const OPUS_DELAY_MS = 6.5;

export function formatFor(device: string, sampleRate: number, opus: boolean): FrameFormat {
  const frameSize = sampleRate / FRAMES_PER_SECOND;
  const codec = opus ? (sampleRate === 16_000 ? 'opus_fs320' : 'opus') : 'pcm16';
  return { device, codec, sampleRate, channels: 1, frameSize };
}

export function opusConfig(sampleRate: number): AudioEncoderConfig {
  return {
    codec: 'opus',
    sampleRate,
    numberOfChannels: 1,
    bitrate: OPUS_BITRATE,
    opus: { format: 'opus', frameDuration: 1_000_000 / FRAMES_PER_SECOND, application: 'voip' } as OpusEncoderConfig,
  };
}

/** @param heardAt when the first sample was captured, Unix milliseconds */
export function nameFor(format: FrameFormat, heardAt: number): string {
  const delay = format.codec === 'pcm16' ? 0 : OPUS_DELAY_MS;
  return recordingName(format, new Date(Math.round(heardAt - delay)));
}

/** Converts samples from −1 to 1 to signed 16 bits, little-endian. */
export function toPcm16(samples: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(samples.length * 2);
  const view = new DataView(bytes.buffer);
  for (const [index, sample] of samples.entries()) {
    const clipped = Math.max(-1, Math.min(1, sample));
    view.setInt16(index * 2, Math.round(clipped * (clipped < 0 ? 0x8000 : 0x7fff)), true);
  }
  return bytes;
}

/** Perceived loudness from 0 (silence) to 1 (full scale), on a logarithmic scale that begins at −60 dB. */
export function loudness(samples: Float32Array): number {
  if (samples.length === 0) return 0;
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return power === 0 ? 0 : Math.max(0, Math.min(1, 1 + (10 * Math.log10(power)) / 60));
}
